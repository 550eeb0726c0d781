/* Calls checksums from C, many times, as bench_native.py asks: no Python between the calls. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "cpu.h"
#include "crc.h"

/* How a library's function takes its arguments; each starts at the CRC of nothing. */
enum { KERNEL, VALUE_FIRST_64, VALUE_FIRST_32, VALUE_LAST_64, VALUE_LAST_32, READ };

struct contender {
    int kind;
    void *function; /* of another library, or a kernel of this one */
    const struct crc_model *model;
};

typedef uint64_t first_64(uint64_t, const void *, size_t);
typedef uint32_t first_32(uint32_t, const void *, size_t);
typedef uint64_t last_64(const void *, size_t, uint64_t);
typedef uint32_t last_32(const void *, size_t, uint32_t);
typedef uint64_t reading(const uint8_t *, size_t);

/* Reading alone, a word of every line.  No one way is the fastest on every machine, so here are
 * three, and the fastest counts: lines as they come, with a page touched ahead of need, and four
 * pages at a time. */
uint64_t read_lines(const uint8_t *p, size_t len) {
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (; len >= 256; p += 256, len -= 256)
        a ^= load_le64(p), b ^= load_le64(p + 64), c ^= load_le64(p + 128), d ^= load_le64(p + 192);
    return a ^ b ^ c ^ d;
}

uint64_t read_ahead(const uint8_t *p, size_t len) {
    uint64_t sum = 0;
    for (; len >= 4096; p += 4096, len -= 4096) {
        __builtin_prefetch(p + (64 << 10));
        sum ^= read_lines(p, 4096);
    }
    return sum;
}

uint64_t read_pages(const uint8_t *p, size_t len) {
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (; len >= 4 * 4096; p += 4 * 4096, len -= 4 * 4096)
        for (const uint8_t *q = p; q != p + 4096; q += 64) {
            a ^= load_le64(q), b ^= load_le64(q + 4096);
            c ^= load_le64(q + 2 * 4096), d ^= load_le64(q + 3 * 4096);
        }
    return a ^ b ^ c ^ d;
}

static uint64_t call(const struct contender *it, const uint8_t *p, size_t len) {
    switch (it->kind) {
    case KERNEL:
        return crc_extend(it->model, (const struct crc_kernel *)it->function, 0, p, len);
    case VALUE_FIRST_64:
        return ((first_64 *)it->function)(0, p, len);
    case VALUE_FIRST_32:
        return ((first_32 *)it->function)(0, p, len);
    case VALUE_LAST_64:
        return ((last_64 *)it->function)(p, len, 0);
    case VALUE_LAST_32:
        return ((last_32 *)it->function)(p, len, 0);
    default:
        return ((reading *)it->function)(p, len);
    }
}

uint64_t once(const struct contender *it, const uint8_t *p, size_t len) {
    return call(it, p, len);
}

/* Seconds that so many calls take, none of which waits for another's result */
double seconds(const struct contender *it, const uint8_t *p, size_t len, long calls) {
    static volatile uint64_t sink;
    struct timespec start, end;
    const struct contender copy = *it;
    uint64_t sum = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (; calls > 0; calls--)
        sum ^= call(&copy, p, len);
    clock_gettime(CLOCK_MONOTONIC, &end);
    sink = sum;
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

struct half {
    const struct contender *it;
    const uint8_t *p;
    size_t len;
};

static void *work(void *argument) {
    const struct half *half = argument;
    seconds(half->it, half->p, half->len, 1);
    return NULL;
}

/* Seconds that two threads take, each over one half; 0 if there is no second thread */
double seconds_by_two(const struct contender *it, const uint8_t *p, size_t len) {
    struct half first = {it, p, len / 2}, second = {it, p + len / 2, len - len / 2};
    struct timespec start, end;
    pthread_t thread;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (pthread_create(&thread, NULL, work, &second) != 0)
        return 0;
    work(&first);
    pthread_join(thread, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

/* Memory that begins at a page, on huge pages where asked for and there; NULL if there is none */
uint8_t *memory(size_t size, bool huge) {
    uint8_t *p = NULL;
    if (posix_memalign((void **)&p, 2 << 20, size) != 0)
        return NULL;
    madvise(p, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(i * 131 >> 3);
    return p;
}

const struct crc_kernel *kernel(const char *name) {
    const struct crc_kernel *found =
        name != NULL ? crc_kernel_named(name) : crc_kernel_select(cpu_features());
    return found != NULL && crc_kernel_usable(found, cpu_features()) ? found : NULL;
}
