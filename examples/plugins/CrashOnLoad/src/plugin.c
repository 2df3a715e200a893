/* Not one of the samples that a store is filled with: it crashes whoever loads it without a process of its own. */
#include "../../jami-plugin.h"

JAMI_PLUGIN_EXPORT jami_plugin_exit JAMI_dynPluginInit(const jami_plugin_api *api)
{
    *(volatile int *)0 = (int)api->version.abi;
    return 0;
}
