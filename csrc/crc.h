/* Cyclic redundancy checks of Amazon S3: CRC-64/NVME, CRC-32/ISO-HDLC and CRC-32/ISCSI.
 * The whole C surface.  Start reading at crc.c. */
#ifndef INTACT_CRC_H
#define INTACT_CRC_H

#include "port.h"

#define CRC_DIRECT 32

enum { CRC64NVME, CRC32, CRC32C, CRC_MODELS };
enum { FOLD_128, FOLD_256, FOLD_512, FOLD_1024, FOLD_2048, CRC_FOLDS };

/* One CRC as data; every kernel computes every model. */
struct crc_model {
    const char *name;
    unsigned width;                                /* bits */
    uint64_t mask;                                 /* `width` ones */
    uint64_t quotient[2];                          /* of a block by G; see fold_template.h */
    uint64_t modulus[2];                           /* G itself */
    uint64_t power[16][16];                        /* x^(8 * n * 16^k - 1) for combine */
    uint64_t table[8][256];                        /* bytes advanced by one to eight bytes */
    PORT_ALIGN(64) uint64_t direct[CRC_DIRECT][2]; /* 16-byte blocks to the end, the last at 31 */
    PORT_ALIGN(64) uint64_t fold[CRC_FOLDS][2];    /* 16-byte blocks over a distance */
};

/* Advances the register of `model` by `len` bytes.  Reads [p, p+len) and nothing else. */
typedef uint64_t crc_update(const struct crc_model *model, uint64_t state, const uint8_t *p,
                            size_t len);

struct crc_kernel {
    const char *name;
    uint32_t needs; /* bits of cpu.h */
    crc_update *update;
};

extern const struct crc_model crc_models[CRC_MODELS];
extern const struct crc_kernel crc_kernels[]; /* fastest first; ends with a row without name */

/* Whether a machine with these `cpu_features` can run the kernel, and the fastest it can run. */
bool crc_kernel_usable(const struct crc_kernel *kernel, uint32_t features);
const struct crc_kernel *crc_kernel_select(uint32_t features);

/* The kernel or model of that name, or NULL. */
const struct crc_kernel *crc_kernel_named(const char *name);
const struct crc_model *crc_model_named(const char *name);

/* CRC of a || b from crc = CRC(a) and the `len` bytes of b.  CRC of nothing is 0. */
uint64_t crc_extend(const struct crc_model *model, const struct crc_kernel *kernel, uint64_t crc,
                    const void *p, size_t len);

/* CRC of a || b from CRC(a), CRC(b) and the length of b in bytes. */
uint64_t crc_combine(const struct crc_model *model, uint64_t crc_a, uint64_t crc_b, uint64_t len_b);

crc_update crc_update_pclmul;
crc_update crc_update_vpclmul256;
crc_update crc_update_vpclmul512;

#endif
