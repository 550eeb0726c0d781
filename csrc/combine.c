/* CRC(a || b) from CRC(a), CRC(b) and the length of b
 *
 * Appending b multiplies a by x^(8 * len_b), so the state after a || b is the state after a
 * times that power, plus the state of b from an empty register.  The initial ones and the
 * final complement occur on both sides and cancel: all three models start from the same ones
 * that they are complemented with.  Hence
 *
 *     CRC(a || b) = CRC(a) * x^(8 * len_b) mod G + CRC(b).
 *
 * len_b is written in hexadecimal, and x^(8 * len_b) is the product of one tabled power for
 * each digit that is not zero: at most sixteen multiplications for any length.
 *
 * The product of two registers, taken as plain binary polynomials, has its highest power of
 * x at bit 0 of 127 bits.  Read as a register of 128 bits, whose bit 0 stands for x^127, it
 * is one power too high, which is why the tabled exponents are one too low.  Its low word H
 * and high word L stand for H * x^64 + L, and H * x^64 mod G is H advanced by eight bytes.
 * Kernels with a carry-less multiplier do the same in three instructions. */
#include "crc.h"

/* H * x^64 mod G */
static uint64_t advance(const struct crc_model *model, uint64_t h) {
    uint64_t sum = 0;
    for (int j = 0; j < 8; j++)
        sum ^= model->table[7 - j][h >> (8 * j) & 0xff];
    return sum;
}

/* Four bits of b at a time */
uint64_t crc_multiply_portable(const struct crc_model *model, uint64_t a, uint64_t b) {
    uint64_t low[16], high[16]; /* a times every polynomial of four bits */
    low[0] = high[0] = high[1] = 0;
    low[1] = a;
    for (int i = 2; i < 16; i += 2) {
        low[i] = low[i / 2] << 1;
        high[i] = high[i / 2] << 1 | low[i / 2] >> 63;
        low[i + 1] = low[i] ^ a;
        high[i + 1] = high[i];
    }

    uint64_t product_low = 0, product_high = 0;
    for (int shift = 60; shift >= 0; shift -= 4) {
        unsigned digit = b >> shift & 15;
        product_high = (product_high << 4 | product_low >> 60) ^ high[digit];
        product_low = product_low << 4 ^ low[digit];
    }
    return advance(model, product_low) ^ product_high;
}

uint64_t crc_combine(const struct crc_model *model, const struct crc_kernel *kernel, uint64_t crc_a,
                     uint64_t crc_b, uint64_t len_b) {
    for (int k = 0; len_b != 0; k++, len_b >>= 4)
        if ((len_b & 15) != 0)
            crc_a = kernel->multiply(model, crc_a, model->power[k][len_b & 15]);
    return crc_a ^ crc_b;
}
