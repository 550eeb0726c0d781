/* Theory of operation
 *
 * A message is a polynomial over GF(2), whose coefficients are bits and whose addition is
 * XOR.  Its first byte holds the highest powers of x and, all three CRCs being "reflected",
 * the lowest bit of each byte is the highest power in it.  Leaving the conditioning at both
 * ends aside, the CRC of a message M is the remainder of M * x^width modulo a generator G.
 *
 * Registers.  A 64-bit register holds a polynomial of degree below 64 in the same order as
 * the message: bit i is the coefficient of x^(63-i).  Eight message bytes loaded as a
 * little-endian word are therefore a register, and shifting right multiplies by x.  The
 * state of a running CRC is s = M * x^64 mod G for the bytes M seen so far, and eight more
 * bytes m make it
 *
 *     s' = (s + m) * x^64 mod G,
 *
 * so the old state is XORed into the next eight bytes and the sum is "advanced" by 64 bits.
 * This is the one operation of the whole library; kernels differ only in how they do it.
 *
 * One width.  A 32-bit CRC with generator g uses G = x^32 * g, of degree 64.  The remainder
 * of M * x^64 = x^32 * (M * x^32) modulo x^32 * g is x^32 times the remainder of M * x^32
 * modulo g, and as a register that is the 32-bit CRC in the low half and zeros in the high
 * half.  XORed into the next eight bytes it meets the first four, as a 32-bit register does.
 * So nothing below knows how wide the CRC is.
 *
 * Slice by eight, the portable kernel.  Advancing is linear, so the eight bytes of a
 * register can be advanced apart and summed.  table[k][b] is byte b, at the front of an
 * otherwise empty register, advanced by k + 1 bytes.  Byte j of a register lies 8 * j powers
 * behind the front, so advancing it by eight bytes is advancing the front by 8 - j.
 *
 * Conditioning.  All three models start from all ones and invert the result.  Both are the
 * two complements in crc_extend, which also make extending a finished CRC the same as
 * starting a new one, the CRC of nothing being 0.
 *
 * combine.c computes the CRC of a concatenation, x86/fold_template.h is the method of the
 * fast kernels, and gen_tables.py derives every constant. */
#include "crc.h"
#include "cpu.h"
#include "crc_tables.h"

static uint64_t update_portable(const struct crc_model *model, uint64_t s, const uint8_t *p,
                                size_t len) {
    const uint64_t (*t)[256] = model->table;
    for (; len >= 8; p += 8, len -= 8) {
        s ^= load_le64(p);
        s = t[7][s & 0xff] ^ t[6][s >> 8 & 0xff] ^ t[5][s >> 16 & 0xff] ^ t[4][s >> 24 & 0xff] ^
            t[3][s >> 32 & 0xff] ^ t[2][s >> 40 & 0xff] ^ t[1][s >> 48 & 0xff] ^ t[0][s >> 56];
    }
    for (; len != 0; p++, len--)
        s = s >> 8 ^ t[0][(s ^ *p) & 0xff];
    return s;
}

const struct crc_kernel crc_kernels[] = {
#if PORT_X86_64
    {"x86-vpclmul512-intel", CPU_VPCLMUL512 | CPU_PCLMUL, CPU_INTEL, crc_update_vpclmul512_intel,
     crc_multiply_pclmul},
    {"x86-vpclmul512", CPU_VPCLMUL512 | CPU_PCLMUL, 0, crc_update_vpclmul512, crc_multiply_pclmul},
    {"x86-vpclmul256", CPU_VPCLMUL256 | CPU_PCLMUL, 0, crc_update_vpclmul256, crc_multiply_pclmul},
    {"x86-pclmul-avx", CPU_AVX | CPU_PCLMUL, 0, crc_update_pclmul_avx, crc_multiply_pclmul},
    {"x86-pclmul", CPU_PCLMUL, 0, crc_update_pclmul, crc_multiply_pclmul},
#endif
#if PORT_AARCH64
    {"arm-pmull-eor3", CPU_EOR3 | CPU_PMULL, 0, crc_update_pmull_eor3, crc_multiply_pmull},
    {"arm-pmull", CPU_PMULL, 0, crc_update_pmull, crc_multiply_pmull},
#endif
    {"portable", 0, 0, update_portable, crc_multiply_portable}, /* needs nothing: ends a search */
    {NULL, 0, 0, NULL, NULL},
};

bool crc_kernel_usable(const struct crc_kernel *kernel, uint32_t features) {
    return (kernel->needs & ~features) == 0;
}

const struct crc_kernel *crc_kernel_select(uint32_t features) {
    const struct crc_kernel *kernel = crc_kernels;
    while (((kernel->needs | kernel->suits) & ~features) != 0)
        kernel++;
    return kernel;
}

const struct crc_kernel *crc_kernel_named(const char *name) {
    for (const struct crc_kernel *kernel = crc_kernels; kernel->name != NULL; kernel++)
        if (strcmp(kernel->name, name) == 0)
            return kernel;
    return NULL;
}

const struct crc_model *crc_model_named(const char *name) {
    for (int i = 0; i < CRC_MODELS; i++)
        if (strcmp(crc_models[i].name, name) == 0)
            return &crc_models[i];
    return NULL;
}
