/* The vectors of x86 in plain C, by SIMDe (Debian: libsimde-dev), in place of the compiler's own
 * header: so that every kernel's arithmetic is tested on machines without its instructions. */
#ifndef EMULATED_IMMINTRIN_H
#define EMULATED_IMMINTRIN_H

#define SIMDE_NO_NATIVE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx2.h>
#include <simde/x86/avx512.h>
#include <simde/x86/clmul.h>
#include <simde/x86/sse4.2.h>

/* What SIMDe 0.7 lacks. */
#if !defined(_mm512_zextsi128_si512)
#define _mm512_zextsi128_si512(block) simde_mm512_inserti32x4(simde_mm512_setzero_si512(), block, 0)
#endif
#if !defined(_mm512_maskz_loadu_epi8)
/* Reads no byte whose bit is clear, as the instruction does not. */
static inline simde__m512i _mm512_maskz_loadu_epi8(uint64_t mask, const void *p) {
    uint8_t bytes[64];
    for (unsigned i = 0; i < 64; i++)
        bytes[i] = mask >> i & 1 ? ((const uint8_t *)p)[i] : 0;
    return simde_mm512_loadu_si512(bytes);
}
#endif

/* Nothing may be left for the compiler to make of these instructions. */
#undef PORT_TARGET
#define PORT_TARGET(isa)
#define IN_ORDER(v, t) ((void)(v), (void)(t))

#endif
