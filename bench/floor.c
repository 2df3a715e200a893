/*
 * The native floor of "verify and install": what any implementation must at least do for a package, and nothing else.
 *
 * It inflates each entry, computes SHA-512, verifies the RSA signature of the `signatures` map and writes the file, on two
 * threads, with OpenSSL and zlib. With the argument `durable` it also calls fdatasync on each file, as a durable install must.
 * It does NOT prove the archive's structure, judge the certificate path, ask for revocation, or switch versions atomically,
 * and it trusts its input (the benchmark's own packages): never use it for anything else.
 *
 * usage: floor PACKAGE.jpl OUTPUT_DIR [durable]
 * prints one JSON object: wall and CPU milliseconds, peak resident KiB, files, bytes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { THREADS = 2, CHUNK = 1 << 20 };

struct entry {
    char *name;
    const uint8_t *data;
    uint32_t compressed, size;
    int deflated;
    const uint8_t *signature;
    uint32_t signature_length;
};

static struct entry *entries;
static size_t entry_count;
static atomic_size_t next_entry;
static EVP_PKEY *key;
static int output_dir, durable;

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "floor: %s: %s\n", what, name);
    exit(1);
}

static uint32_t le32(const uint8_t *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }
static uint16_t le16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }

static void make_parents(char *name)
{
    for (char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdirat(output_dir, name, 0755) != 0 && errno != EEXIST)
            fail("mkdir", name);
        *slash = '/';
    }
}

/* Inflates, hashes and writes chunk by chunk, so that a large library costs no more memory than a small one. */
static void process(struct entry *entry, uint8_t *chunk)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (EVP_DigestVerifyInit(digest, NULL, EVP_sha512(), NULL, key) != 1)
        fail("verify init", entry->name);
    int file = openat(output_dir, entry->name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0)
        fail("open", entry->name);
    z_stream stream = {.next_in = (uint8_t *)entry->data, .avail_in = entry->compressed};
    if (entry->deflated && inflateInit2(&stream, -15) != Z_OK)
        fail("inflate init", entry->name);
    uint32_t done = 0;
    while (done < entry->size) {
        const uint8_t *bytes = entry->data + done;
        uint32_t length = entry->size - done < CHUNK ? entry->size - done : CHUNK;
        if (entry->deflated) {
            stream.next_out = chunk;
            stream.avail_out = CHUNK;
            int status = inflate(&stream, Z_NO_FLUSH);
            if (status != Z_OK && status != Z_STREAM_END)
                fail("inflate", entry->name);
            bytes = chunk;
            length = CHUNK - stream.avail_out;
        }
        if (EVP_DigestVerifyUpdate(digest, bytes, length) != 1 || write(file, bytes, length) != (ssize_t)length)
            fail("hash or write", entry->name);
        done += length;
    }
    if (entry->deflated)
        inflateEnd(&stream);
    if (EVP_DigestVerifyFinal(digest, entry->signature, entry->signature_length) != 1)
        fail("signature", entry->name);
    EVP_MD_CTX_free(digest);
    if (durable && fdatasync(file) != 0)
        fail("fdatasync", entry->name);
    close(file);
}

static void *work(void *unused)
{
    (void)unused;
    uint8_t *chunk = malloc(CHUNK);
    for (size_t i; (i = atomic_fetch_add(&next_entry, 1)) < entry_count;)
        if (entries[i].signature)
            process(&entries[i], chunk);
    free(chunk);
    return NULL;
}

static struct entry *find(const char *name, size_t length)
{
    for (size_t i = 0; i < entry_count; i++)
        if (strlen(entries[i].name) == length && memcmp(entries[i].name, name, length) == 0)
            return &entries[i];
    return NULL;
}

static uint8_t *content(const struct entry *entry)
{
    uint8_t *bytes = malloc(entry->size + 1);
    z_stream stream = {.next_in = (uint8_t *)entry->data, .avail_in = entry->compressed, .next_out = bytes, .avail_out = entry->size};
    if (!entry->deflated)
        memcpy(bytes, entry->data, entry->size);
    else if (inflateInit2(&stream, -15) != Z_OK || inflate(&stream, Z_FINISH) != Z_STREAM_END || inflateEnd(&stream) != Z_OK)
        fail("inflate", entry->name);
    return bytes;
}

static void read_directory(const uint8_t *zip, size_t size)
{
    const uint8_t *end = zip + size - 22;
    entry_count = le16(end + 10);
    entries = calloc(entry_count, sizeof *entries);
    const uint8_t *p = zip + le32(end + 16);
    for (size_t i = 0; i < entry_count; i++) {
        const uint8_t *local = zip + le32(p + 42);
        entries[i].deflated = le16(p + 10) == 8;
        entries[i].compressed = le32(p + 20);
        entries[i].size = le32(p + 24);
        entries[i].name = strndup((const char *)p + 46, le16(p + 28));
        entries[i].data = local + 30 + le16(local + 26) + le16(local + 28);
        p += 46 + le16(p + 28) + le16(p + 30) + le16(p + 32);
    }
}

static uint32_t big_endian(const uint8_t **p, int bytes)
{
    uint32_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | *(*p)++;
    return value;
}

/* MessagePack map of str -> bin. Entries are in the map's order nearly always, so the search starts where it last ended. */
static void read_signatures(const uint8_t *p)
{
    uint8_t tag = *p++;
    uint32_t count = tag == 0xdf ? big_endian(&p, 4) : tag == 0xde ? big_endian(&p, 2) : tag & 0x0fu;
    for (uint32_t i = 0; i < count; i++) {
        tag = *p++;
        uint32_t length = tag == 0xdb ? big_endian(&p, 4) : tag == 0xda ? big_endian(&p, 2) : tag == 0xd9 ? *p++ : tag & 0x1fu;
        struct entry *entry = find((const char *)p, length);
        if (!entry)
            fail("no entry for", (const char *)p);
        p += length;
        tag = *p++;
        entry->signature_length = tag == 0xc6 ? big_endian(&p, 4) : tag == 0xc5 ? big_endian(&p, 2) : *p++;
        entry->signature = p;
        p += entry->signature_length;
    }
}

static double milliseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    durable = argc > 3 && strcmp(argv[3], "durable") == 0;
    double wall = milliseconds(CLOCK_MONOTONIC), cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    int file = open(argv[1], O_RDONLY);
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0)
        fail("open", argv[1]);
    const uint8_t *zip = mmap(NULL, info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    output_dir = open(argv[2], O_RDONLY | O_DIRECTORY);
    if (zip == MAP_FAILED || output_dir < 0)
        fail("open", argv[2]);
    read_directory(zip, info.st_size);

    struct entry *map = find("signatures", 10);
    uint8_t *signatures = content(map);
    read_signatures(signatures);
    struct entry *certificate = NULL;
    for (size_t i = 0; i < entry_count; i++)
        if (!strchr(entries[i].name, '/') && strstr(entries[i].name, ".crt"))
            certificate = &entries[i];
    uint8_t *pem = content(certificate);
    BIO *bio = BIO_new_mem_buf(pem, certificate->size);
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    key = X509_get_pubkey(leaf);

    size_t bytes = 0, files = 0;
    for (size_t i = 0; i < entry_count; i++) {
        if (!entries[i].signature)
            continue;
        size_t length = strlen(entries[i].name);
        make_parents(entries[i].name);
        if (entries[i].name[length - 1] == '/') {
            entries[i].signature = NULL;
            continue;
        }
        files++;
        bytes += entries[i].size;
    }
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (durable && fsync(output_dir) != 0)
        fail("fsync", argv[2]);

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"wallMs\":%.3f,\"cpuMs\":%.3f,\"peakKiB\":%ld,\"files\":%zu,\"bytes\":%zu}\n", milliseconds(CLOCK_MONOTONIC) - wall,
           milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, usage.ru_maxrss, files, bytes);
    return 0;
}
