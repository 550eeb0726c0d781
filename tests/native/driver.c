/* Runs every kernel that this machine can run against an oracle that goes bit by bit.
 *
 * Plain C and POSIX or Windows, so that it runs where Python is far away: under an emulator, with
 * sanitizers, or, compiled with FUZZ, as the target of libFuzzer.  Prints a line for each
 * kernel and fails with the first difference.
 *
 *     driver [SECONDS]    every check once, then random ones, for so long with each kernel
 */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "cpu.h"
#include "crc.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define ORACLE_UP_TO  100000 /* bytes; above, it would take minutes under an emulator */

/* Reflected generators without their leading terms, as the catalogue of CRCs has them. */
static const uint64_t GENERATORS[CRC_MODELS] = {
    [CRC64NVME] = 0x9a6c9329ac4bc9b5, [CRC32] = 0xedb88320, [CRC32C] = 0x82f63b78};

static uint64_t times_x(int m, uint64_t value) {
    return value >> 1 ^ (GENERATORS[m] & -(value & 1));
}

static uint64_t oracle(int m, uint64_t crc, const uint8_t *p, size_t len) {
    crc ^= crc_models[m].mask;
    for (; len != 0; p++, len--) {
        crc ^= *p;
        for (int bit = 0; bit < 8; bit++)
            crc = times_x(m, crc);
    }
    return crc ^ crc_models[m].mask;
}

/* a * b mod g, the highest bit of a register being 1 */
static uint64_t oracle_product(int m, uint64_t a, uint64_t b) {
    uint64_t product = 0;
    for (int bit = (int)crc_models[m].width - 1; bit >= 0; bit--, a = times_x(m, a))
        product ^= a & -(b >> bit & 1);
    return product;
}

static uint64_t oracle_combine(int m, uint64_t a, uint64_t b, uint64_t len) {
    uint64_t square = UINT64_C(1) << (crc_models[m].width - 1);
    for (int bit = 0; bit < 8; bit++)
        square = times_x(m, square);
    for (; len != 0; len >>= 1, square = oracle_product(m, square, square))
        if (len & 1)
            a = oracle_product(m, a, square);
    return a ^ b;
}

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t random_bits(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* A number of random magnitude below `limit` */
static size_t random_below(size_t limit) {
    return (size_t)(random_bits() % limit) >> (random_bits() % 16);
}

static void require(bool right, const struct crc_kernel *kernel, int m, const char *what,
                    size_t len, size_t where) {
    if (right)
        return;
    printf("%s %s: %s is wrong, length %zu, at %zu\n", kernel->name, crc_models[m].name, what, len,
           where);
    abort();
}

/* Memory between two pages that may not be read */
struct fenced {
    uint8_t *start, *end;
};

static struct fenced fence(size_t size) {
#if defined(_WIN32)
    SYSTEM_INFO system;
    DWORD before;
    GetSystemInfo(&system);
    size_t page = system.dwPageSize;
#else
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
#endif
    size = (size + page - 1) / page * page;
#if defined(_WIN32)
    uint8_t *p = VirtualAlloc(NULL, size + 2 * page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    bool fenced = p != NULL && VirtualProtect(p, page, PAGE_NOACCESS, &before) &&
                  VirtualProtect(p + page + size, page, PAGE_NOACCESS, &before);
#else
    uint8_t *p =
        mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool fenced = p != MAP_FAILED && mprotect(p, page, PROT_NONE) == 0 &&
                  mprotect(p + page + size, page, PROT_NONE) == 0;
#endif
    if (!fenced) {
        fputs("no memory between two pages that may not be read\n", stderr);
        exit(2);
    }
    return (struct fenced){p + page, p + page + size};
}

static void fill(struct fenced memory) {
    for (uint8_t *p = memory.start; p != memory.end; p++)
        *p = (uint8_t)(random_bits() >> 32);
}

/* Every short length, flush against the fence in front and the one behind, after any value */
static void check_lengths(const struct crc_kernel *kernel, int m, struct fenced memory) {
    for (int turn = 0; turn < 2; turn++) {
        const uint64_t value = turn ? random_bits() & crc_models[m].mask : 0;
        uint64_t expected = value;
        for (size_t len = 0; len <= 700; len++) {
            uint64_t front = crc_extend(&crc_models[m], kernel, value, memory.start, len);
            require(front == expected, kernel, m, "front", len, 0);
            expected = oracle(m, expected, memory.start + len, 1);

            const uint8_t *p = memory.end - len;
            uint64_t back = crc_extend(&crc_models[m], kernel, value, p, len);
            require(back == oracle(m, value, p, len), kernel, m, "back", len, 0);
        }
    }
}

static void check_alignments(const struct crc_kernel *kernel, int m, struct fenced memory) {
    for (size_t offset = 0; offset <= 64; offset++) {
        uint64_t expected = 0;
        const uint8_t *p = memory.start + offset;
        for (size_t len = 0; len <= 200; len++) {
            uint64_t crc = crc_extend(&crc_models[m], kernel, 0, p, len);
            require(crc == expected, kernel, m, "aligned", len, offset);
            expected = oracle(m, expected, p + len, 1);
        }
    }
}

/* Around every length at which a kernel changes its method, the last one far from any cache, with
 * and without an end between two lines of it */
static void check_long(const struct crc_kernel *kernel, int m, struct fenced memory) {
    static const size_t lengths[] = {1024,  2944,  4096,   8192,   12160,  12288,   20352,
                                     65536, 98176, 131072, 163712, 262144, 4 << 20, 9 << 20};
    const struct crc_model *model = &crc_models[m];
    for (size_t i = 0; i < LENGTH(lengths); i++)
        for (size_t len = lengths[i] - 64; len <= lengths[i] + 64; len += 32) {
            size_t odd = len % 64 ? 0 : 24;
            const uint8_t *p = memory.end - len - odd;
            uint64_t expected = len < ORACLE_UP_TO
                                    ? oracle(m, 0, p, len)
                                    : crc_extend(model, crc_kernel_named("portable"), 0, p, len);
            require(crc_extend(model, kernel, 0, p, len) == expected, kernel, m, "long", len, odd);
        }
}

static void check_combine(const struct crc_kernel *kernel, int m) {
    for (int i = 0; i < 300; i++) {
        uint64_t a = random_bits() & crc_models[m].mask, b = random_bits() & crc_models[m].mask;
        uint64_t len = random_bits() >> (random_bits() % 64);
        uint64_t crc = crc_combine(&crc_models[m], kernel, a, b, len);
        require(crc == oracle_combine(m, a, b, len), kernel, m, "combined", (size_t)len, 0);
    }
}

/* Any message, cut anywhere, at any place */
static void check_one(const struct crc_kernel *kernel, int m, uint64_t value, const uint8_t *p,
                      size_t len, size_t cut) {
    const struct crc_model *model = &crc_models[m];
    uint64_t whole = crc_extend(model, kernel, value, p, len);
    require(whole == oracle(m, value, p, len), kernel, m, "whole", len, cut);
    uint64_t first = crc_extend(model, kernel, value, p, cut);
    require(whole == crc_extend(model, kernel, first, p + cut, len - cut), kernel, m, "cut", len,
            cut);
    uint64_t second = crc_extend(model, kernel, 0, p + cut, len - cut);
    require(whole == crc_combine(model, kernel, first, second, len - cut), kernel, m, "joined", len,
            cut);
}

#if defined(FUZZ)

/* Twelve bytes choose kernel, model, cut and value; the others are the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct fenced memory;
    if (memory.start == NULL)
        memory = fence(1 << 20);
    if (size < 12 || size - 12 > (1 << 20))
        return 0;
    const struct crc_kernel *kernel = crc_kernels;
    for (int skip = data[0] % 8; skip != 0 && kernel[1].name != NULL; skip--)
        kernel++;
    if (!crc_kernel_usable(kernel, cpu_features()))
        return 0;
    int m = data[1] % CRC_MODELS;
    size_t len = size - 12, cut = (data[2] | (size_t)data[3] << 8) % (len + 1);
    uint8_t *p = memory.end - len;
    memcpy(p, data + 12, len);
    check_one(kernel, m, load_le64(data + 4) & crc_models[m].mask, p, len, cut);
    return 0;
}

#else

/* A kernel made for some machines is selected there, and elsewhere the next that can run. */
static void check_selection(void) {
    const uint32_t everything = ~(uint32_t)0;
    for (const struct crc_kernel *kernel = crc_kernels; kernel->name != NULL; kernel++) {
        uint32_t features = kernel->needs | kernel->suits;
        const struct crc_kernel *elsewhere = crc_kernel_select(everything & ~kernel->suits);
        if (crc_kernel_select(features) != kernel || (kernel->suits && elsewhere == kernel) ||
            !crc_kernel_usable(kernel, kernel->needs)) {
            printf("%s: not selected as it should be\n", kernel->name);
            abort();
        }
    }
}

static void check_random(const struct crc_kernel *kernel, struct fenced memory) {
    int m = (int)random_below(CRC_MODELS);
    size_t len = random_below(20000), cut = random_below(len + 1), offset = random_below(100);
    check_one(kernel, m, random_bits() & crc_models[m].mask, memory.end - len - offset, len, cut);
}

int main(int argc, char **argv) {
    const time_t seconds = argc > 1 ? atoi(argv[1]) : 0;
    const uint32_t features = cpu_features();
    struct fenced page = fence(1024), large = fence((9 << 20) + 4096);
    fill(page);
    fill(large);
    check_selection();
    for (const struct crc_kernel *kernel = crc_kernels; kernel->name != NULL; kernel++) {
        if (!crc_kernel_usable(kernel, features)) {
            printf("%s: cannot run here\n", kernel->name);
            continue;
        }
        for (int m = 0; m < CRC_MODELS; m++) {
            check_lengths(kernel, m, page);
            check_alignments(kernel, m, page);
            check_long(kernel, m, large);
            check_combine(kernel, m);
        }
        time_t end = time(NULL) + seconds;
        for (int i = 0; i < 300 || time(NULL) < end; i++)
            check_random(kernel, large);
        printf("%s: right\n", kernel->name);
        fflush(stdout);
    }
    return 0;
}

#endif
