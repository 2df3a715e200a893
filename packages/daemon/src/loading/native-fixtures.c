/* A library for tests that behaves as its file name says: lib<behaviour>.so, or lib<behaviour>_<anything>.so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct api api;
typedef int32_t (*call)(const api *, const char *, void *);
struct api {
    uint32_t abi, version;
    void *context;
    call register_object_factory, invoke_service, manage_component;
};
typedef void (*exit_function)(void);

static int first, second;
static int is(const char *name)
{
    Dl_info self;
    if (!dladdr(&first, &self)) return 0;
    const char *mode = strrchr(self.dli_fname, '/') + sizeof "/lib" - 1;
    size_t length = strlen(name);
    return strncmp(mode, name, length) == 0 && (mode[length] == '.' || mode[length] == '_');
}

static void on_exit_function(void)
{
    if (is("exit-hangs"))
        for (;;) pause();
    if (is("exit-crashes"))
        abort();
    if (is("exit-writes")) {
        FILE *file = fopen("exited", "w");
        if (file) fclose(file);
    }
}

static void *crash_later(void *unused)
{
    char line[8];
    (void)unused;
    /* Waits for the test's sign: a file in the folder it runs in. */
    while (access("crash-now", F_OK) != 0) usleep(5000);
    memset(line, 0, sizeof line);
    raise(SIGSEGV);
    return 0;
}

static void say_environment(const api *host)
{
    extern char **environ;
    char line[128];
    for (char **entry = environ; *entry; entry++) {
        snprintf(line, sizeof line, "env %s", *entry);
        host->invoke_service(host, line, 0);
    }
    for (int fd = 0; fd < 64; fd++) {
        if (lseek(fd, 0, SEEK_CUR) == -1 && access("/proc/self/fd", F_OK) == 0) {
            char link[64], target[100];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            ssize_t length = readlink(link, target, sizeof target - 1);
            if (length < 0) continue;
            target[length] = 0;
            snprintf(line, sizeof line, "fd %d %s", fd, target);
            host->invoke_service(host, line, 0);
        }
    }
    if (getcwd(line, sizeof line)) host->invoke_service(host, line, 0);
}

__attribute__((visibility("default")))
#if defined(NO_ENTRY)
int something_else(void) { return 0; }
__attribute__((visibility("hidden")))
#endif
exit_function JAMI_dynPluginInit(const api *host)
{
    if (host->abi != 1 || host->version != 3) return 0;
    if (is("refuses")) return 0;
    if (is("crashes")) *(volatile int *)0 = 1;
    if (is("aborts")) { fprintf(stderr, "it went wrong\033[2J\n"); abort(); }
    if (is("exits")) _exit(0);
    if (is("exits-orderly")) exit(3);
    if (is("hangs")) for (;;) pause();
    if (is("prints"))
        for (int i = 0; i < 100000; i++) { puts("{\"type\":\"failed\"}"); fputs("noise noise noise\n", stderr); }
    if (is("corrupts")) (void)!write(3, "\0\1garbage{{{\n", 13);
    if (is("floods")) for (;;) if (write(3, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 45) < 0) break;
    if (is("forges")) (void)!write(3, "{\"type\":\"unloaded\"}\n", 20);
    if (is("closes-channel")) close(3);
    if (is("foreign-abi")) {
        struct { uint32_t abi, api; void *closure, *create, *destroy; } factory = { 2, 3, 0, 0, 0 };
        host->register_object_factory(host, "Future", &factory);
    }
    if (is("registers")) {
        struct { uint32_t abi, api; void *closure, *create, *destroy; } factory = { 1, 3, 0, 0, 0 };
        if (host->register_object_factory(host, "Codec", &factory) != 0) return 0;
        if (host->invoke_service(host, "getPluginPreferences", 0) != -1) return 0;
        if (host->manage_component(host, "NoSuchManager", &first) == 0) return 0;
        if (host->manage_component(host, 0, &first) == 0) return 0;
    }
    if (is("registers-much"))
        for (intptr_t i = 1; i < 10000; i++) host->manage_component(host, "ChatHandlerManager", (void *)i);
    if (is("environment")) say_environment(host);
    if (is("forks") && fork() == 0) for (;;) pause();
    if (is("crashes-later")) { pthread_t thread; pthread_create(&thread, 0, crash_later, 0); }
    host->manage_component(host, "CallMediaHandlerManager", &first);
    host->manage_component(host, "ChatHandlerManager", &second);
    return on_exit_function;
}
