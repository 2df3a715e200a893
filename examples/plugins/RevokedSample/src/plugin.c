#include "../../jami-plugin.h"

/* A handler is an opaque pointer to the host; this sample has one and nothing behind it. */
static int handler;

static void exit_plugin(void) {}

JAMI_PLUGIN_EXPORT jami_plugin_exit JAMI_dynPluginInit(const jami_plugin_api *api)
{
    if (api->version.abi != JAMI_PLUGIN_ABI)
        return 0;
    if (api->manage_component(api, "ChatHandlerManager", &handler) != 0)
        return 0;
    return exit_plugin;
}
