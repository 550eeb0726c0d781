/* The folding method, once for vectors of 16, 32 and 64 bytes.
 *
 * Parameters
 *     NAME  the function to define, of type crc_update
 *     VL    bytes per vector
 *     ISA   the instruction sets, in the compiler's spelling
 *
 * Method.  V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 * Instruction" (Intel, 2009), for reflected registers and any length.
 *
 * Sixteen message bytes in a vector lane are a register of 128 bits: a low word H of higher
 * powers and a high word L, meaning H * x^64 + L.  To move them d bits towards higher
 * powers, multiply by constants that are already reduced,
 *
 *     (H * x^64 + L) * x^d  =  H * (x^(d+64) mod G) + L * (x^d mod G)   (mod G),
 *
 * which has at most 127 bits and is a block of 16 bytes again.  The multiplication
 * instruction yields one power of x too much (combine.c says why), so every constant is
 * one power short.  Lanes never meet until the end: a vector is VL / 16 blocks at once.
 *
 * The message is cut into vectors from its end, so only the first can be incomplete.  It is
 * filled up with zeros in front, which change nothing: zeros are no powers of x.  The state
 * is XORed into the first eight bytes of the message, wherever they are.
 *
 *     up to eight vectors   Each block is multiplied straight into its distance from the
 *                           end, plus 64 for the CRC itself.  No product waits for another.
 *     more                  Four accumulators are folded over four vectors at a time; four
 *                           because one multiplication takes 4 to 7 cycles and the next
 *                           starts after one or two.  Each accumulator is then a vector in
 *                           its own place, and the rest is as above.
 *
 * The sum T of all products has 128 bits and is congruent to M * x^64; what is left is
 * to reduce it modulo G.  Seen from its other end, as a polynomial in 1/x, G begins with 1,
 * so it has an inverse modulus modulo x^-64, and a multiple q * G exists that equals T in
 * the low word: q = low word of T / G.  Then T - q * G is a register with an empty low word,
 * and its high word is the CRC.  Because q is linear in T, the quotient of a single block
 * comes straight from the block, one multiplication earlier. */
#include <immintrin.h>

#include "../crc.h"

#define BLOCKS (VL / 16)
#define TARGET PORT_TARGET(ISA)
#define INLINE PORT_INLINE TARGET

#if VL == 16
typedef __m128i vec;
#define LOAD(p)        _mm_loadu_si128((const __m128i *)(p))
#define SPREAD(k)      LOAD(k)
#define XOR(a, b)      _mm_xor_si128(a, b)
#define XOR3(a, b, c)  _mm_xor_si128(_mm_xor_si128(a, b), c)
#define MUL_LOW(a, k)  _mm_clmulepi64_si128(a, k, 0x00)
#define MUL_HIGH(a, k) _mm_clmulepi64_si128(a, k, 0x11)
#define WIDEN(block)   (block)
#define FOLD_ONE       FOLD_128
#define FOLD_FOUR      FOLD_512
#elif VL == 32
typedef __m256i vec;
#define LOAD(p)        _mm256_loadu_si256((const __m256i *)(p))
#define SPREAD(k)      _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(k)))
#define XOR(a, b)      _mm256_xor_si256(a, b)
#define XOR3(a, b, c)  _mm256_xor_si256(_mm256_xor_si256(a, b), c)
#define MUL_LOW(a, k)  _mm256_clmulepi64_epi128(a, k, 0x00)
#define MUL_HIGH(a, k) _mm256_clmulepi64_epi128(a, k, 0x11)
#define WIDEN(block)   _mm256_inserti128_si256(_mm256_setzero_si256(), block, 0)
#define FOLD_ONE       FOLD_256
#define FOLD_FOUR      FOLD_1024
#elif VL == 64
typedef __m512i vec;
#define LOAD(p)        _mm512_loadu_si512(p)
#define SPREAD(k)      _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(k)))
#define XOR(a, b)      _mm512_xor_si512(a, b)
#define XOR3(a, b, c)  _mm512_ternarylogic_epi64(a, b, c, 0x96)
#define MUL_LOW(a, k)  _mm512_clmulepi64_epi128(a, k, 0x00)
#define MUL_HIGH(a, k) _mm512_clmulepi64_epi128(a, k, 0x11)
#define WIDEN(block)   _mm512_zextsi128_si512(block)
#define FOLD_ONE       FOLD_512
#define FOLD_FOUR      FOLD_2048
#endif

/* Sixteen of these from n on move a block up so far that its first n bytes remain; from
 * 16 + n on, down by n bytes.  A shuffle turns an index of 128 into a zero. */
static const uint8_t SHIFTS[48] = {
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, /**/
    0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,  /**/
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

INLINE __m128i load_block(const void *p) {
    return _mm_loadu_si128((const __m128i *)p);
}

/* The first n <= 16 bytes at the end of a block, zeros in front. */
INLINE __m128i keep_first(__m128i block, size_t n) {
    return _mm_shuffle_epi8(block, load_block(SHIFTS + n));
}

/* What keep_first leaves out, at the front of a block. */
INLINE __m128i drop_first(__m128i block, size_t n) {
    return _mm_shuffle_epi8(block, load_block(SHIFTS + 16 + n));
}

/* The high word of t - q * G, which is the CRC. */
INLINE uint64_t finish(const struct crc_model *model, __m128i t, __m128i q) {
    const __m128i modulus = load_block(model->modulus);
    __m128i low = _mm_clmulepi64_si128(q, modulus, 0x00);
    __m128i top = _mm_and_si128(_mm_slli_si128(q, 8), modulus);
    t = _mm_xor_si128(_mm_xor_si128(t, top), low);
    return (uint64_t)_mm_extract_epi64(t, 1);
}

/* One block; its last word adds to the low word of the sum only. */
INLINE uint64_t reduce_block(const struct crc_model *model, __m128i block) {
    const __m128i quotient = load_block(model->quotient);
    __m128i t = _mm_clmulepi64_si128(block, load_block(model->direct[CRC_DIRECT - 1]), 0x00);
    __m128i q = _mm_xor_si128(_mm_clmulepi64_si128(block, quotient, 0x00),
                              _mm_clmulepi64_si128(block, quotient, 0x11));
    return finish(model, t, q);
}

INLINE uint64_t reduce_sum(const struct crc_model *model, __m128i t) {
    return finish(model, t, _mm_clmulepi64_si128(t, load_block(model->quotient), 0x10));
}

/* Zero to sixteen bytes, read as two words that may overlap. */
INLINE uint64_t update_short(const struct crc_model *model, uint64_t s, const uint8_t *p,
                             size_t len) {
    if (len >= 8) {
        __m128i state = keep_first(_mm_cvtsi64_si128((int64_t)s), len);
        __m128i first = keep_first(_mm_cvtsi64_si128((int64_t)load_le64(p)), len);
        __m128i last = _mm_cvtsi64_si128((int64_t)load_le64(p + len - 8));
        return reduce_block(model, _mm_xor_si128(state, _mm_unpacklo_epi64(first, last)));
    }
    if (len == 0)
        return s;
    uint64_t m = len >= 4 ? load_le32(p) | (uint64_t)load_le32(p + len - 4) << (8 * len - 32)
                          : p[0] | (uint64_t)p[len / 2] << (8 * (len / 2)) |
                                (uint64_t)p[len - 1] << (8 * len - 8);
    __m128i block = _mm_cvtsi64_si128((int64_t)((s ^ m) << (64 - 8 * len)));
    return s >> (8 * len) ^ reduce_block(model, _mm_slli_si128(block, 8));
}

/* The first 0 < r < VL bytes of at least sixteen at the end of a vector, the state XORed in.
 * Sets `rest` to the bytes of the state beyond r, for the front of the next vector. */
INLINE vec load_first(const uint8_t *p, size_t r, uint64_t s, __m128i *rest) {
    const __m128i state = _mm_cvtsi64_si128((int64_t)s);
    *rest = drop_first(state, r < 16 ? r : 16);
#if VL == 16
    return keep_first(_mm_xor_si128(load_block(p), state), r);
#elif VL == 32
    __m128i zero = _mm_setzero_si128();
    size_t n = r <= 16 ? r : r - 16;
    __m128i block = keep_first(_mm_xor_si128(load_block(p), state), n);
    if (r <= 16)
        return _mm256_set_m128i(block, zero);
    return _mm256_set_m128i(_mm_xor_si128(load_block(p + n), drop_first(state, n)), block);
#elif VL == 64
    /* Masked lanes are not accessed; the address in front of p is never a pointer. */
    size_t zeros = 64 - r, shift = 8 * (zeros % 8);
    vec bytes = _mm512_maskz_loadu_epi8(~UINT64_C(0) << zeros, (void *)((uintptr_t)p - zeros));
    __m128i words = _mm_set_epi64x((int64_t)(s >> 1 >> (63 - shift)), (int64_t)(s << shift));
    return _mm512_xor_si512(bytes, _mm512_maskz_expand_epi64((__mmask8)(3 << zeros / 8),
                                                             _mm512_castsi128_si512(words)));
#endif
}

INLINE __m128i sum_lanes(vec v) {
#if VL == 16
    return v;
#elif VL == 32
    return _mm_xor_si128(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
#elif VL == 64
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
#endif
}

/* v * k + next */
INLINE vec fold(vec v, vec k, vec next) {
    return XOR3(MUL_LOW(v, k), MUL_HIGH(v, k), next);
}

TARGET uint64_t NAME(const struct crc_model *model, uint64_t s, const uint8_t *p, size_t len) {
    if (len <= 16)
        return update_short(model, s, p, len);

    size_t r = len % VL, vectors = len / VL;
    size_t kept = vectors < 8 ? vectors : 4 + vectors % 4;
    const uint64_t (*k)[2] = model->direct + CRC_DIRECT - BLOCKS * kept;
    const vec zero = WIDEN(_mm_setzero_si128());
    __m128i rest = _mm_cvtsi64_si128((int64_t)s);
    vec first = r != 0 ? load_first(p, r, s, &rest) : zero;
    vec front = WIDEN(rest), sum = zero;
    p += r;

    if (vectors < 8) {
        if (r != 0)
            sum = fold(first, LOAD(k - BLOCKS), sum);
    } else {
        vec a = XOR(LOAD(p), front), b = LOAD(p + VL);
        vec c = LOAD(p + 2 * VL), d = LOAD(p + 3 * VL);
        if (r != 0)
            a = fold(first, SPREAD(model->fold[FOLD_ONE]), a);
        const vec four = SPREAD(model->fold[FOLD_FOUR]);
        for (p += 4 * VL; vectors >= 8; p += 4 * VL, vectors -= 4) {
            a = fold(a, four, LOAD(p));
            b = fold(b, four, LOAD(p + VL));
            c = fold(c, four, LOAD(p + 2 * VL));
            d = fold(d, four, LOAD(p + 3 * VL));
        }
        sum = fold(a, LOAD(k), fold(b, LOAD(k + BLOCKS), zero));
        sum = fold(c, LOAD(k + 2 * BLOCKS), fold(d, LOAD(k + 3 * BLOCKS), sum));
        front = zero;
        vectors -= 4;
        k += 4 * BLOCKS;
    }
    for (; vectors != 0; vectors--, p += VL, k += BLOCKS) {
        sum = fold(XOR(LOAD(p), front), LOAD(k), sum);
        front = zero;
    }
    return reduce_sum(model, sum_lanes(sum));
}
