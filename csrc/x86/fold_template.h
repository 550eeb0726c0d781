/* The folding method, once for vectors of 16, 32 and 64 bytes.
 *
 * Parameters
 *     NAME      the function to define, of type crc_update
 *     MULTIPLY  the function to define, of type crc_multiply; optional
 *     VL        bytes per vector
 *     ISA       the instruction sets, in the compiler's spelling
 *     INTEL     whether the multiplier starts on a vector of 64 bytes in every cycle, as Intel's
 *               do and Zen 4's does not, and wants prefetches of every line; optional
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
 * filled up with zeros in front, which change nothing: zeros are no powers of x.  Where the
 * message begins is thus different for every length, and the state, which belongs to its first
 * eight bytes, would have to be shifted there.  Instead one multiplication by x^(8 * r), from
 * a table, moves it past the r bytes of the first vector to the front of the second.  Where r is
 * none, as it is for most buffers, none of this is needed.
 *
 *     few vectors           Each block is multiplied straight into its distance from the
 *                           end, plus 64 for the CRC itself.  No product waits for another.
 *     more                  Four accumulators are folded over four vectors at a time.  Each is
 *                           then a vector in its own place, and the rest is as above.
 *     many                  Eight, over eight vectors at a time, until the first four are folded
 *                           over the last: a multiplication takes 4 cycles on Zen and 7 on
 *                           Skylake, where the next starts after one.
 *     up to 32 bytes        One or two registers or blocks that overlap, whatever VL is.
 *
 * The sum T of all products has 128 bits and is congruent to M * x^64; what is left is
 * to reduce it modulo G.  Seen from its other end, as a polynomial in 1/x, G begins with 1,
 * so it has an inverse modulus modulo x^-64, and a multiple q * G exists that equals T in
 * the low word: q = low word of T / G.  Then T - q * G is a register with an empty low word,
 * and its high word is the CRC.  Because q is linear in T, the quotient of a single block
 * comes straight from the block, one multiplication earlier.
 *
 * CRC-32C has an instruction of its own, which runs beside the multiplier.  Long messages are
 * cut into rounds: steps of four or eight vectors, as many as the multiplier takes meanwhile, and
 * beside each step 32 bytes of four streams, which lie one after the other behind the vectors.  At
 * the end of a round the accumulators are folded over the streams, and every stream, a register at
 * its own distance, is multiplied to their end.  A round of many steps suits caches that like to be
 * read in order, but leaves more of the message to shorter rounds or none; so there are several
 * lengths of round.
 *
 * What does not fit the nearest cache is prefetched.  Hardware prefetchers stop at the boundary of
 * a page, and touching one line of each page early restarts them in time.  Where there is time for
 * it, every line is prefetched as well: a load that waits holds up all multiplications behind it,
 * until no more of them can wait, and then nothing asks for the lines that follow. */
#include <immintrin.h>

#include "../crc.h"

#if !defined(INTEL)
#define INTEL 0
#endif

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
#define FOLD_EIGHT     FOLD_1024
#define GAP            GAP_16
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
#define FOLD_EIGHT     FOLD_2048
#define GAP            GAP_32
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
#define FOLD_EIGHT     FOLD_4096
#define GAP            GAP_64
#endif

/* Bytes up to which every block is multiplied into its distance from the end: of vectors of 64
 * bytes the table has eight, of those of 16 more than 14 do not pay on Cascade Lake. */
#define DIRECT_TO ((VL == 16 ? 14 : 8) * VL)

/* Vectors behind the first four from which eight accumulators pay.  On Cascade Lake, VL = 16, they
 * save 7 % of 320 bytes, 14 % of 1 KiB and 20 % of 16 KiB and more, to within 1 % of the
 * multiplier. Zen 4 needs no more than four, so its vectors wait until the fold of four over four
 * is lost in the rest. */
#define EIGHT_FROM (VL == 16 ? 12 : 60)

/* CRC-32C is fused with its instruction from FUSE_FROM bytes on, below which it is slower than
 * CRC-32 by the rounds, and below FUSE_TO, from which the prefetches bring more than the rounds.
 * FUSED_STEPS are the steps of four vectors beside 32 bytes of streams, which take 16 cycles.  On
 * Emerald Rapids two take as long, and are 1.1 times as fast as folding alone, one 0.8 times; on
 * Zen 4 it is one. */
#define FUSED_STEPS (INTEL ? 2 : 1)
#define FUSE_FROM   (INTEL ? 8 << 10 : 4 << 10)
#define FUSE_TO     (INTEL ? 2 << 20 : 8 << 20)

/* Every line is prefetched LINES_AHEAD bytes early in messages of LINES_FROM bytes and more.  On
 * Cascade Lake, VL = 16, 4 MiB take 6 % less time and 32 MiB half.  On Emerald Rapids buffers that
 * take turns in the L2 cache take up to a third less, and memory a sixth.  On Zen 4 it would cost
 * a fifth. */
#define LINES_AHEAD 4096
#define LINES_FROM  (VL == 16 ? 4 << 10 : INTEL ? 64 << 10 : SIZE_MAX)

/* From ALIGN_FROM bytes on, which the L1 cache does not hold, vectors are cut where lines are, so
 * that no load takes two of them.  On Emerald Rapids CRC-32C of bytes objects, which begin at any
 * multiple of 16, takes a third less, the others a sixteenth. */
#define ALIGN_FROM (INTEL ? 64 << 10 : SIZE_MAX)

/* One line of every page is, PAGES_AHEAD bytes early, in messages of PAGES_FROM bytes and more.
 * It costs more than it brings below 8 MiB on Zen 4, below the 2 MiB of the L2 cache on Emerald
 * Rapids. */
#define PAGE        4096
#define PAGES_AHEAD (64 << 10)
#define PAGES_FROM  (VL == 16 ? SIZE_MAX : INTEL ? 4 << 20 : 8 << 20)

/* Sixteen of these from n on move a block up so far that its first n bytes remain. */
static const uint8_t SHIFTS[32] = {
    128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, /**/
    0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15};

/* Sixteen of these from n on keep the last n bytes of a block. */
static const uint8_t LAST[32] = {0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
                                 0,   0,   0,   0,   0,   255, 255, 255, 255, 255, 255,
                                 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

INLINE __m128i load_block(const void *p) {
    return _mm_loadu_si128((const __m128i *)p);
}

INLINE __m128i word(uint64_t w) {
    return _mm_cvtsi64_si128((int64_t)w);
}

/* The first n <= 16 bytes at the end of a block, zeros in front. */
INLINE __m128i keep_first(__m128i block, size_t n) {
    return _mm_shuffle_epi8(block, load_block(SHIFTS + n));
}

/* s * x^(8 * n) as a sum to reduce or, with n + 8, as a block at that place. */
INLINE __m128i advance(const struct crc_model *model, uint64_t s, size_t n) {
    return _mm_clmulepi64_si128(word(s), word(model->advance[n]), 0x00);
}

/* The high word of t - q * G, which is the CRC. */
INLINE uint64_t finish(const struct crc_model *model, __m128i t, __m128i q) {
    const __m128i modulus = load_block(model->modulus);
    __m128i low = _mm_clmulepi64_si128(q, modulus, 0x00);
    __m128i top = _mm_and_si128(_mm_slli_si128(q, 8), modulus);
    t = _mm_xor_si128(_mm_xor_si128(t, top), low);
    return (uint64_t)_mm_extract_epi64(t, 1);
}

INLINE uint64_t reduce_sum(const struct crc_model *model, __m128i t) {
    return finish(model, t, _mm_clmulepi64_si128(t, load_block(model->quotient), 0x10));
}

/* One to seven bytes: one word with zeros in front, and bytes of the state that outlive it. */
INLINE uint64_t update_bytes(const struct crc_model *model, uint64_t s, const uint8_t *p,
                             size_t len) {
    if (len == 1) /* one look-up instead of four multiplications in a row */
        return s >> 8 ^ model->table[0][(s ^ *p) & 0xff];
    uint64_t m = len >= 4 ? load_le32(p) | (uint64_t)load_le32(p + len - 4) << (8 * len - 32)
                          : p[0] | (uint64_t)p[len / 2] << (8 * (len / 2)) |
                                (uint64_t)p[len - 1] << (8 * len - 8);
    __m128i low = word((s ^ m) << (64 - 8 * len));
    __m128i q = _mm_clmulepi64_si128(low, load_block(model->quotient), 0x10);
    return s >> (8 * len) ^ finish(model, _mm_setzero_si128(), q);
}

/* Eight to sixteen: one block.  Its last word adds to the low word of the sum only. */
INLINE uint64_t update_words(const struct crc_model *model, uint64_t s, const uint8_t *p,
                             size_t len) {
    const __m128i quotient = load_block(model->quotient);
    __m128i first = keep_first(word(load_le64(p)), len);
    __m128i block = _mm_unpacklo_epi64(first, word(load_le64(p + len - 8)));
    block = _mm_xor_si128(block, keep_first(word(s), len));
    __m128i t = _mm_clmulepi64_si128(block, load_block(model->direct[CRC_DIRECT - 1]), 0x00);
    __m128i q = _mm_xor_si128(_mm_clmulepi64_si128(block, quotient, 0x00),
                              _mm_clmulepi64_si128(block, quotient, 0x11));
    return finish(model, t, q);
}

/* Seventeen to 32: the first sixteen bytes, at any distance, and what the last add to them. */
INLINE uint64_t update_blocks(const struct crc_model *model, uint64_t s, const uint8_t *p,
                              size_t len) {
    const uint64_t *k = model->advance + len;
    __m128i first = _mm_xor_si128(load_block(p), word(s));
    __m128i last = _mm_and_si128(load_block(p + len - 16), load_block(LAST + len - 16));
    __m128i t = _mm_clmulepi64_si128(last, load_block(model->direct[CRC_DIRECT - 1]), 0x00);
    t = _mm_xor_si128(t, _mm_srli_si128(last, 8));
    t = _mm_xor_si128(t, _mm_clmulepi64_si128(first, load_block(k), 0x00));
    t = _mm_xor_si128(t, _mm_clmulepi64_si128(first, load_block(k - 8), 0x01));
    return reduce_sum(model, t);
}

/* The first 0 < r <= VL bytes of at least VL / 2 at the end of a vector, zeros in front. */
INLINE vec load_first(const uint8_t *p, size_t r) {
#if VL == 16
    return keep_first(load_block(p), r);
#elif VL == 32
    size_t n = r < 16 ? 16 : r; /* where the second block ends */
    __m128i low = keep_first(load_block(p), n - 16);
    __m128i high = keep_first(load_block(p + n - 16), r < 16 ? r : 16);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
#elif VL == 64
    /* Masked lanes are not accessed; the address in front of p is never a pointer. */
    size_t zeros = 64 - r;
    return _mm512_maskz_loadu_epi8(~UINT64_C(0) << zeros, (void *)((uintptr_t)p - zeros));
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

/* The last vectors, up to the end of the message, on top of a sum. */
INLINE vec add_direct(const struct crc_model *model, vec sum, const uint8_t *p, size_t vectors) {
    const uint64_t (*k)[2] = model->direct + CRC_DIRECT - BLOCKS * vectors;
    for (; vectors != 0; vectors--, p += VL, k += BLOCKS)
        sum = fold(LOAD(p), LOAD(k), sum);
    return sum;
}

/* Four consecutive vectors with the sum of everything in front of them. */
struct four {
    vec a, b, c, d;
};

INLINE void step(struct four *v, vec k, const uint8_t *p) {
    v->a = fold(v->a, k, LOAD(p));
    v->b = fold(v->b, k, LOAD(p + VL));
    v->c = fold(v->c, k, LOAD(p + 2 * VL));
    v->d = fold(v->d, k, LOAD(p + 3 * VL));
}

/* The registers of four streams of a CRC that x86 has an instruction for. */
struct streams {
    uint64_t s[4];
};

/* Eight bytes of each stream */
INLINE void stream(struct streams *t, const uint8_t *p, size_t length) {
    t->s[0] = _mm_crc32_u64(t->s[0], load_le64(p));
    t->s[1] = _mm_crc32_u64(t->s[1], load_le64(p + length));
    t->s[2] = _mm_crc32_u64(t->s[2], load_le64(p + 2 * length));
    t->s[3] = _mm_crc32_u64(t->s[3], load_le64(p + 3 * length));
}

/* Keeps a compiler from scattering the streams' instructions between a pair of products,
 * which costs a sixth of the rate on Zen 4 with GCC 12. */
#if defined(IN_ORDER) /* of no use to vectors in plain C, which tests put in place of these */
#elif defined(__GNUC__)
#define IN_ORDER(v, t)                                                                             \
    __asm__(""                                                                                     \
            : "+v"((v)->a), "+v"((v)->b), "+v"((v)->c), "+v"((v)->d), "+r"((t)->s[0]),             \
              "+r"((t)->s[1]), "+r"((t)->s[2]), "+r"((t)->s[3]))
#else
#define IN_ORDER(v, t) ((void)(v), (void)(t))
#endif

/* Eight bytes of each stream, between two products */
INLINE void beside(struct four *v, struct streams *t, const uint8_t *p, size_t length) {
    IN_ORDER(v, t);
    stream(t, p, length);
    IN_ORDER(v, t);
}

/* FUSED_STEPS steps of the four vectors from p on and 32 bytes of the four streams at q */
INLINE void step_fused(struct four *v, vec k, const uint8_t *p, struct streams *t, const uint8_t *q,
                       size_t length) {
#if FUSED_STEPS == 1
    v->a = fold(v->a, k, LOAD(p));
    beside(v, t, q, length);
    v->b = fold(v->b, k, LOAD(p + VL));
    beside(v, t, q + 8, length);
    v->c = fold(v->c, k, LOAD(p + 2 * VL));
    beside(v, t, q + 16, length);
    v->d = fold(v->d, k, LOAD(p + 3 * VL));
    beside(v, t, q + 24, length);
#else
    for (const uint8_t *end = q + 32; q != end; p += 4 * VL, q += 16) {
        v->a = fold(v->a, k, LOAD(p));
        v->b = fold(v->b, k, LOAD(p + VL));
        beside(v, t, q, length);
        v->c = fold(v->c, k, LOAD(p + 2 * VL));
        v->d = fold(v->d, k, LOAD(p + 3 * VL));
        beside(v, t, q + 8, length);
    }
#endif
}

/* Vectors in one round: steps beside streams of 32 bytes each, and a step over the streams. */
INLINE size_t round_vectors(const struct crc_fusion *f) {
    return f->steps * (4 * FUSED_STEPS + 128 / VL) + 4;
}

INLINE void fuse(struct four *v, vec four, const struct crc_fusion *f, const uint8_t *p) {
    const size_t length = 32 * f->steps;
    const uint8_t *q = p + 4 * VL * FUSED_STEPS * f->steps, *end = q;
    struct streams t = {{0, 0, 0, 0}};
    for (; p != end; p += 4 * VL * FUSED_STEPS, q += 32)
        step_fused(v, four, p, &t, q, length);
    step(v, SPREAD(f->gap[GAP]), end + 4 * length);

    const __m128i k01 = load_block(f->stitch), k23 = load_block(f->stitch + 2);
    __m128i sum = _mm_clmulepi64_si128(word(t.s[0]), k01, 0x00);
    sum = _mm_xor_si128(sum, _mm_clmulepi64_si128(word(t.s[1]), k01, 0x10));
    sum = _mm_xor_si128(sum, _mm_clmulepi64_si128(word(t.s[2]), k23, 0x00));
    sum = _mm_xor_si128(sum, word(t.s[3]));
    v->a = XOR(v->a, WIDEN(sum));
}

/* As many rounds as fit, the longest first; returns the vectors that are left. */
TARGET PORT_APART size_t fuse_all(const struct crc_fusion *f, struct four *memory, vec four,
                                  const uint8_t *p, size_t vectors) {
    struct four v = *memory;
    for (; f->steps != 0; f++)
        for (; vectors >= round_vectors(f); vectors -= round_vectors(f)) {
            fuse(&v, four, f, p);
            p += VL * round_vectors(f);
        }
    *memory = v;
    return vectors;
}

/* Steps through four vectors at a time. */
INLINE const uint8_t *step_fours(struct four *v, vec four, const uint8_t *p, size_t steps) {
    for (; steps != 0; steps--, p += 4 * VL)
        step(v, four, p);
    return p;
}

/* Takes four vectors in, steps through eight at a time, and folds the first four over the last. */
INLINE const uint8_t *step_eights(struct four *v, vec four, vec eight, const uint8_t *p,
                                  size_t steps, bool lines, bool pages) {
    struct four w = {LOAD(p), LOAD(p + VL), LOAD(p + 2 * VL), LOAD(p + 3 * VL)};
    p += 4 * VL;
    while (steps != 0) {
        size_t now = steps < PAGE / (8 * VL) ? steps : PAGE / (8 * VL);
        if (pages && steps > (PAGES_AHEAD + PAGE) / (8 * VL))
            _mm_prefetch((const char *)p + PAGES_AHEAD, _MM_HINT_T0);
        for (steps -= now; now != 0; now--, p += 8 * VL) {
            if (lines && steps + now > LINES_AHEAD / (8 * VL))
                for (size_t line = 0; line < 8 * VL; line += 64)
                    _mm_prefetch((const char *)p + LINES_AHEAD + line, _MM_HINT_T0);
            step(v, eight, p);
            step(&w, eight, p + 4 * VL);
        }
    }
    v->a = fold(v->a, four, w.a);
    v->b = fold(v->b, four, w.b);
    v->c = fold(v->c, four, w.c);
    v->d = fold(v->d, four, w.d);
    return p;
}

/* More than DIRECT_TO.  Apart, so that shorter messages need not save what it uses. */
TARGET PORT_APART uint64_t update_long(const struct crc_model *model, uint64_t s, const uint8_t *p,
                                       size_t len) {
    size_t odd = len >= ALIGN_FROM ? (size_t)((uintptr_t)(p + len) % VL) : 0;
    if (odd != 0)
        return NAME(model, update_long(model, s, p, len - odd), p + len - odd, odd);
    size_t r = len % VL, vectors = len / VL - 4;
    const vec four = SPREAD(model->fold[FOLD_FOUR]), zero = WIDEN(_mm_setzero_si128());
    vec front = WIDEN(word(s));
    if (r != 0)
        front =
            fold(load_first(p, r), SPREAD(model->fold[FOLD_ONE]), WIDEN(advance(model, s, r + 8)));
    p += r;
    struct four v = {XOR(LOAD(p), front), LOAD(p + VL), LOAD(p + 2 * VL), LOAD(p + 3 * VL)};
    p += 4 * VL;

    if (len >= FUSE_FROM && model->fusion->steps != 0 && len < FUSE_TO) {
        struct four memory = v; /* so that v itself stays in registers */
        size_t left = fuse_all(model->fusion, &memory, four, p, vectors);
        p += VL * (vectors - left), vectors = left;
        v = memory;
    }
    if (vectors >= EIGHT_FROM) {
        p = step_eights(&v, four, SPREAD(model->fold[FOLD_EIGHT]), p, (vectors - 4) / 8,
                        len >= LINES_FROM, len >= PAGES_FROM);
        vectors = (vectors - 4) % 8;
    }
    p = step_fours(&v, four, p, vectors / 4);
    vectors %= 4;

    const uint64_t (*k)[2] = model->direct + CRC_DIRECT - BLOCKS * (4 + vectors);
    vec sum = fold(v.a, LOAD(k), fold(v.b, LOAD(k + BLOCKS), zero));
    sum = fold(v.c, LOAD(k + 2 * BLOCKS), fold(v.d, LOAD(k + 3 * BLOCKS), sum));
    return reduce_sum(model, sum_lanes(add_direct(model, sum, p, vectors)));
}

TARGET uint64_t NAME(const struct crc_model *model, uint64_t s, const uint8_t *p, size_t len) {
    if (len <= 32) {
        if (len > 16)
            return update_blocks(model, s, p, len);
        if (len >= 8)
            return update_words(model, s, p, len);
        return len != 0 ? update_bytes(model, s, p, len) : s;
    }
    if (len <= VL) {
        vec first = load_first(p, len), k = LOAD(model->direct + CRC_DIRECT - BLOCKS);
        __m128i sum = sum_lanes(XOR(MUL_LOW(first, k), MUL_HIGH(first, k)));
        return reduce_sum(model, _mm_xor_si128(sum, advance(model, s, len)));
    }
    if (len > DIRECT_TO)
        return update_long(model, s, p, len);

    size_t r = len % VL, vectors = len / VL;
    const uint64_t (*k)[2] = model->direct + CRC_DIRECT - BLOCKS * vectors;
    vec sum = WIDEN(_mm_setzero_si128()), front = WIDEN(word(s));
    if (r != 0) {
        sum = fold(load_first(p, r), LOAD(k - BLOCKS), sum);
        front = WIDEN(advance(model, s, r + 8));
    }
    p += r;
    sum = fold(XOR(LOAD(p), front), LOAD(k), sum);
    return reduce_sum(model, sum_lanes(add_direct(model, sum, p + VL, vectors - 1)));
}

#if defined(MULTIPLY)
TARGET uint64_t MULTIPLY(const struct crc_model *model, uint64_t a, uint64_t b) {
    return reduce_sum(model, _mm_clmulepi64_si128(word(a), word(b), 0x00));
}
#endif
