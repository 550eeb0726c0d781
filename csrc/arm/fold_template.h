/* The folding method of x86/fold_template.h, which explains it, for vectors of 16 bytes.
 *
 * Parameters
 *     NAME      the function to define, of type crc_update
 *     MULTIPLY  the function to define, of type crc_multiply; optional
 *     ISA       the instruction sets, in the compiler's spelling
 *     XOR3      the sum of three vectors
 *
 * Cores with several multipliers start up to four products in a cycle and take two or three
 * for one, so there are eight accumulators where x86 has four. */
#include <arm_neon.h>

#include "../crc.h"

#define TARGET PORT_TARGET(ISA)
#define INLINE PORT_INLINE TARGET

#define PAGE           4096
#define PREFETCH_FROM  (8 << 20)  /* bytes, as on x86; not measured here */
#define PREFETCH_AHEAD (64 << 10) /* bytes */

#define VL    16
#define LANES 8

typedef uint64x2_t vec;

/* Sixteen of these from n on move a block up so far that its first n bytes remain. */
static const uint8_t SHIFTS[32] = {
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, /**/
    0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15};

/* Sixteen of these from n on keep the last n bytes of a block. */
static const uint8_t LAST[32] = {0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
                                 0,   0,   0,   0,   0,   255, 255, 255, 255, 255, 255,
                                 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

INLINE vec load(const uint8_t *p) {
    return vreinterpretq_u64_u8(vld1q_u8(p));
}

INLINE vec pair(uint64_t low, uint64_t high) {
    return vcombine_u64(vcreate_u64(low), vcreate_u64(high));
}

/* Eight bytes at the front, zeros behind */
INLINE vec word(uint64_t w) {
    return pair(w, 0);
}

INLINE vec multiply(uint64_t a, uint64_t b) {
    return vreinterpretq_u64_p128(vmull_p64((poly64_t)a, (poly64_t)b));
}

INLINE vec mul_low(vec a, vec k) {
    return multiply(vgetq_lane_u64(a, 0), vgetq_lane_u64(k, 0));
}

INLINE vec mul_high(vec a, vec k) {
    return vreinterpretq_u64_p128(
        vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(k)));
}

/* v * k + next */
INLINE vec fold(vec v, vec k, vec next) {
    return XOR3(mul_low(v, k), mul_high(v, k), next);
}

/* The first n <= 16 bytes at the end of a block, zeros in front. */
INLINE vec keep_first(vec block, size_t n) {
    return vreinterpretq_u64_u8(vqtbl1q_u8(vreinterpretq_u8_u64(block), vld1q_u8(SHIFTS + n)));
}

/* s * x^(8 * n) as a sum to reduce or, with n + 8, as a block at that place. */
INLINE vec advance(const struct crc_model *model, uint64_t s, size_t n) {
    return multiply(s, model->advance[n]);
}

/* The high word of t - q * G, which is the CRC. */
INLINE uint64_t finish(const struct crc_model *model, uint64_t t, uint64_t q) {
    vec low = multiply(q, model->modulus[0]);
    return t ^ (q & model->modulus[1]) ^ vgetq_lane_u64(low, 1);
}

INLINE uint64_t reduce_sum(const struct crc_model *model, vec t) {
    vec q = multiply(vgetq_lane_u64(t, 0), model->quotient[1]);
    return finish(model, vgetq_lane_u64(t, 1), vgetq_lane_u64(q, 0));
}

/* One to seven bytes: one word with zeros in front, and bytes of the state that outlive it. */
INLINE uint64_t update_bytes(const struct crc_model *model, uint64_t s, const uint8_t *p,
                             size_t len) {
    uint64_t m = len >= 4 ? load_le32(p) | (uint64_t)load_le32(p + len - 4) << (8 * len - 32)
                          : p[0] | (uint64_t)p[len / 2] << (8 * (len / 2)) |
                                (uint64_t)p[len - 1] << (8 * len - 8);
    vec q = multiply((s ^ m) << (64 - 8 * len), model->quotient[1]);
    return finish(model, s >> (8 * len), vgetq_lane_u64(q, 0));
}

/* Eight to sixteen: one block.  Its last word adds to the low word of the sum only. */
INLINE uint64_t update_words(const struct crc_model *model, uint64_t s, const uint8_t *p,
                             size_t len) {
    uint64_t first = vgetq_lane_u64(keep_first(word(load_le64(p)), len), 0);
    vec block = pair(first, load_le64(p + len - 8));
    block = veorq_u64(block, keep_first(word(s), len));
    vec quotient = pair(model->quotient[0], model->quotient[1]);
    vec q = veorq_u64(mul_low(block, quotient), mul_high(block, quotient));
    vec t = multiply(vgetq_lane_u64(block, 0), model->direct[CRC_DIRECT - 1][0]);
    return finish(model, vgetq_lane_u64(t, 1), vgetq_lane_u64(q, 0));
}

/* Seventeen to 32: the first sixteen bytes, at any distance, and what the last add to them. */
INLINE uint64_t update_blocks(const struct crc_model *model, uint64_t s, const uint8_t *p,
                              size_t len) {
    const vec k = pair(model->advance[len], model->advance[len - 8]);
    vec first = veorq_u64(load(p), word(s));
    vec last = vandq_u64(load(p + len - 16), load(LAST + len - 16));
    vec t = multiply(vgetq_lane_u64(last, 0), model->direct[CRC_DIRECT - 1][0]);
    t = veorq_u64(t, word(vgetq_lane_u64(last, 1)));
    return reduce_sum(model, fold(first, k, t));
}

INLINE vec constant(const uint64_t k[2]) {
    return vld1q_u64(k);
}

/* The last vectors, up to the end of the message, on top of a sum. */
INLINE vec add_direct(const struct crc_model *model, vec sum, const uint8_t *p, size_t vectors) {
    const uint64_t (*k)[2] = model->direct + CRC_DIRECT - vectors;
    for (; vectors != 0; vectors--, p += VL, k++)
        sum = fold(load(p), constant(*k), sum);
    return sum;
}

/* Steps through LANES vectors at a time, the page after next prefetched if it is far. */
INLINE const uint8_t *step_all(vec v[LANES], vec k, const uint8_t *p, size_t steps, bool far) {
    while (steps != 0) {
        size_t now = steps;
        if (far && steps > (PAGE + PREFETCH_AHEAD) / (LANES * VL)) {
            __builtin_prefetch(p + PREFETCH_AHEAD);
            now = PAGE / (LANES * VL);
        }
        steps -= now;
        for (; now != 0; now--, p += LANES * VL) {
            v[0] = fold(v[0], k, load(p));
            v[1] = fold(v[1], k, load(p + VL));
            v[2] = fold(v[2], k, load(p + 2 * VL));
            v[3] = fold(v[3], k, load(p + 3 * VL));
            v[4] = fold(v[4], k, load(p + 4 * VL));
            v[5] = fold(v[5], k, load(p + 5 * VL));
            v[6] = fold(v[6], k, load(p + 6 * VL));
            v[7] = fold(v[7], k, load(p + 7 * VL));
        }
    }
    return p;
}

/* Seventeen vectors or more; apart, to keep its stack from the others */
TARGET PORT_APART uint64_t update_long(const struct crc_model *model, uint64_t s, const uint8_t *p,
                                       size_t len) {
    size_t r = (len - 1) % VL + 1, vectors = (len - r) / VL;
    vec first = keep_first(load(p), r), v[LANES];
    p += r;
    for (int i = 0; i < LANES; i++)
        v[i] = load(p + VL * i);
    v[0] = veorq_u64(v[0], advance(model, s, r + 8));
    v[0] = fold(first, constant(model->fold[FOLD_128]), v[0]);
    p += LANES * VL, vectors -= LANES;

    p = step_all(v, constant(model->fold[FOLD_1024]), p, vectors / LANES, len >= PREFETCH_FROM);
    vectors %= LANES;

    const uint64_t (*k)[2] = model->direct + CRC_DIRECT - (LANES + vectors);
    vec sum = vdupq_n_u64(0);
    for (int i = 0; i < LANES; i++)
        sum = fold(v[i], constant(k[i]), sum);
    return reduce_sum(model, add_direct(model, sum, p, vectors));
}

TARGET uint64_t NAME(const struct crc_model *model, uint64_t s, const uint8_t *p, size_t len) {
    if (len <= 32) {
        if (len > 16)
            return update_blocks(model, s, p, len);
        if (len >= 8)
            return update_words(model, s, p, len);
        return len != 0 ? update_bytes(model, s, p, len) : s;
    }
    size_t r = (len - 1) % VL + 1, vectors = (len - r) / VL;
    if (vectors >= 2 * LANES)
        return update_long(model, s, p, len);

    const uint64_t (*k)[2] = model->direct + CRC_DIRECT - vectors;
    vec sum = fold(keep_first(load(p), r), constant(k[-1]), vdupq_n_u64(0));
    p += r;
    sum = fold(veorq_u64(load(p), advance(model, s, r + 8)), constant(k[0]), sum);
    return reduce_sum(model, add_direct(model, sum, p + VL, vectors - 1));
}

#if defined(MULTIPLY)
TARGET uint64_t MULTIPLY(const struct crc_model *model, uint64_t a, uint64_t b) {
    return reduce_sum(model, multiply(a, b));
}
#endif
