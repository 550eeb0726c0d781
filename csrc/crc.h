/* Cyclic redundancy checks of Amazon S3: CRC-64/NVME, CRC-32/ISO-HDLC and CRC-32/ISCSI.
 * The whole C surface.  Start reading at crc.c. */
#ifndef INTACT_CRC_H
#define INTACT_CRC_H

#include "port.h"

/* Sizes of what gen_tables.py derives, which it checks against its own. */
#define CRC_DIRECT  32
#define CRC_ADVANCE 73
#define CRC_FUSIONS 3

enum { CRC64NVME, CRC32, CRC32C, CRC_MODELS };
enum { FOLD_128, FOLD_256, FOLD_512, FOLD_1024, FOLD_2048, FOLD_4096, CRC_FOLDS };
enum { GAP_16, GAP_32, GAP_64, CRC_GAPS };

/* Steps of folding beside streams of an instruction; see x86/fold_template.h. */
struct crc_fusion {
    size_t steps;
    uint64_t stitch[4];        /* streams, 32 bytes for each step, to the end of the last */
    uint64_t gap[CRC_GAPS][2]; /* four vectors of each size over the streams */
};

/* One CRC as data; every kernel computes every model. */
struct crc_model {
    const char *name;
    uint64_t mask;                                 /* `width` ones */
    unsigned width;                                /* bits */
    PORT_ALIGN(64) uint64_t direct[CRC_DIRECT][2]; /* 16-byte blocks to the end, the last at 31 */
    uint64_t quotient[2];                          /* of a block by G; see fold_template.h */
    uint64_t modulus[2];                           /* G itself */
    uint64_t advance[CRC_ADVANCE];                 /* [n]: x^(8 * n - 1), n bytes */
    PORT_ALIGN(64) uint64_t fold[CRC_FOLDS][2];    /* 16-byte blocks over a distance */
    struct crc_fusion fusion[CRC_FUSIONS + 1];     /* longest first; ends with one of no steps */
    uint64_t power[16][16];                        /* x^(8 * n * 16^k - 1) for combine */
    uint64_t table[8][256];                        /* bytes advanced by one to eight bytes */
};

/* Advances the register of `model` by `len` bytes.  Reads [p, p+len) and nothing else. */
typedef uint64_t crc_update(const struct crc_model *model, uint64_t state, const uint8_t *p,
                            size_t len);

/* a * b * x mod G, for combine */
typedef uint64_t crc_multiply(const struct crc_model *model, uint64_t a, uint64_t b);

struct crc_kernel {
    const char *name;
    uint32_t needs; /* bits of cpu.h */
    uint32_t suits; /* those of machines for which alone it is selected, though others run it */
    crc_update *update;
    crc_multiply *multiply;
};

extern const struct crc_model crc_models[CRC_MODELS];
extern const struct crc_kernel crc_kernels[]; /* fastest first; ends with a row without name */

/* Whether a machine with these `cpu_features` can run the kernel, and the fastest that it can run
 * and that suits it. */
bool crc_kernel_usable(const struct crc_kernel *kernel, uint32_t features);
const struct crc_kernel *crc_kernel_select(uint32_t features);

/* The kernel or model of that name, or NULL. */
const struct crc_kernel *crc_kernel_named(const char *name);
const struct crc_model *crc_model_named(const char *name);

/* CRC of a || b from crc = CRC(a) and the `len` bytes of b.  CRC of nothing is 0.  Inline: as
 * a function of its own it takes longer than the kernel does for 64 bytes. */
PORT_INLINE uint64_t crc_extend(const struct crc_model *model, const struct crc_kernel *kernel,
                                uint64_t crc, const void *p, size_t len) {
    return model->mask & ~kernel->update(model, crc ^ model->mask, (const uint8_t *)p, len);
}

/* CRC of a || b from CRC(a), CRC(b) and the length of b in bytes. */
uint64_t crc_combine(const struct crc_model *model, const struct crc_kernel *kernel, uint64_t crc_a,
                     uint64_t crc_b, uint64_t len_b);

/* The whole of a regular file of no more than `largest` bytes, read through the buffer: 0 and its
 * sum, the errno of what failed, or CRC_FILE_LEFT for a file that is larger or no regular one. */
enum { CRC_FILE_LEFT = -1 };
struct crc_file_sum {
    uint64_t crc, size;
};
int crc_file(const struct crc_model *model, const struct crc_kernel *kernel, const char *path,
             uint64_t largest, void *buffer, size_t capacity, struct crc_file_sum *sum);

crc_multiply crc_multiply_portable, crc_multiply_pclmul, crc_multiply_pmull;
crc_update crc_update_pclmul, crc_update_pclmul_avx;
crc_update crc_update_vpclmul256, crc_update_vpclmul512, crc_update_vpclmul512_intel;
crc_update crc_update_pmull, crc_update_pmull_eor3;

#endif
