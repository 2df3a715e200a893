/*
 * What every sample does: it hands one handler over and has nothing behind it. Include it once, after defining
 * SAMPLE_COMPONENT as the kind of that handler.
 */
#include "jami-plugin.h"

/* To the host a handler is an opaque pointer. */
static int handler;

static void exit_plugin(void) {}

JAMI_PLUGIN_EXPORT jami_plugin_exit JAMI_dynPluginInit(const jami_plugin_api *api)
{
    if (api->version.abi != JAMI_PLUGIN_ABI)
        return 0;
    if (api->manage_component(api, SAMPLE_COMPONENT, &handler) != 0)
        return 0;
    return exit_plugin;
}
