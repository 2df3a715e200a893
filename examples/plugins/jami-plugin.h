/*
 * The part of the plugin ABI that the samples use (64-bit, natural alignment; docs/architecture.md names the source).
 */
#ifndef JAMI_PLUGIN_H
#define JAMI_PLUGIN_H

#include <stdint.h>

#define JAMI_PLUGIN_ABI 1

#if defined(_WIN32)
#define JAMI_PLUGIN_EXPORT __declspec(dllexport)
#else
#define JAMI_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

typedef struct jami_plugin_api jami_plugin_api;

typedef int32_t (*jami_plugin_call)(const jami_plugin_api *api, const char *name, void *data);

struct jami_plugin_api {
    struct {
        uint32_t abi;
        uint32_t api;
    } version;
    void *context;
    jami_plugin_call register_object_factory;
    jami_plugin_call invoke_service;
    jami_plugin_call manage_component;
};

/* What JAMI_dynPluginInit returns: called once on unload; a null pointer means the load failed. */
typedef void (*jami_plugin_exit)(void);

#endif
