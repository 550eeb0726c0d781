#include "cpu.h"

#if PORT_X86_64

#if defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif

struct leaf {
    uint32_t eax, ebx, ecx, edx;
};

static struct leaf cpuid(uint32_t number) {
    struct leaf leaf = {0, 0, 0, 0};
#if defined(_MSC_VER)
    int r[4];
    __cpuid(r, 0);
    if ((uint32_t)r[0] >= number) {
        __cpuidex(r, (int)number, 0);
        leaf.eax = (uint32_t)r[0], leaf.ebx = (uint32_t)r[1];
        leaf.ecx = (uint32_t)r[2], leaf.edx = (uint32_t)r[3];
    }
#else
    /* Leaves every field at zero where the CPU has no such leaf. */
    __get_cpuid_count(number, 0, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx);
#endif
    return leaf;
}

/* Register state the operating system saves.  Only where CPUID reports OSXSAVE. */
static uint64_t xcr0(void) {
#if defined(_MSC_VER)
    return _xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
#endif
}

static bool has(uint64_t bits, uint64_t wanted) {
    return (bits & wanted) == wanted;
}

#define BIT(n) (UINT64_C(1) << (n))

/* Intel SDM volume 2A, CPUID leaves 0, 1 and 7; volume 1, section 13.3 for XCR0. */
enum { ECX1_PCLMULQDQ = 1, ECX1_SSSE3 = 9, ECX1_SSE41 = 19, ECX1_SSE42 = 20 };
enum { ECX1_OSXSAVE = 27, ECX1_AVX = 28 };
enum { EBX7_AVX2 = 5, EBX7_AVX512F = 16, EBX7_AVX512BW = 30, EBX7_AVX512VL = 31 };
enum { ECX7_VPCLMULQDQ = 10 };
enum { EBX0_GENU = 0x756e6547, EDX0_INEI = 0x49656e69, ECX0_NTEL = 0x6c65746e };
#define XCR0_YMM (BIT(1) | BIT(2))
#define XCR0_ZMM (XCR0_YMM | BIT(5) | BIT(6) | BIT(7))

uint32_t cpu_features(void) {
    struct leaf zero = cpuid(0), one = cpuid(1), seven = cpuid(7);
    uint32_t features = 0;

    if (zero.ebx == EBX0_GENU && zero.edx == EDX0_INEI && zero.ecx == ECX0_NTEL)
        features |= CPU_INTEL;

    if (!has(one.ecx, BIT(ECX1_PCLMULQDQ) | BIT(ECX1_SSSE3) | BIT(ECX1_SSE41) | BIT(ECX1_SSE42)))
        return features;
    features |= CPU_PCLMUL;

    if (!has(one.ecx, BIT(ECX1_OSXSAVE) | BIT(ECX1_AVX)) || !has(xcr0(), XCR0_YMM))
        return features;
    features |= CPU_AVX;

    if (!has(seven.ebx, BIT(EBX7_AVX2)) || !has(seven.ecx, BIT(ECX7_VPCLMULQDQ)))
        return features;
    features |= CPU_VPCLMUL256;

    if (has(xcr0(), XCR0_ZMM) &&
        has(seven.ebx, BIT(EBX7_AVX512F) | BIT(EBX7_AVX512BW) | BIT(EBX7_AVX512VL)))
        features |= CPU_VPCLMUL512;
    return features;
}

#elif PORT_AARCH64

#if defined(__linux__) || defined(__ANDROID__)
#include <sys/auxv.h>

/* Linux, arch/arm64/include/uapi/asm/hwcap.h */
enum { HWCAP_BIT_PMULL = 4, HWCAP_BIT_SHA3 = 17 };

static bool has_pmull(void) {
    return getauxval(AT_HWCAP) >> HWCAP_BIT_PMULL & 1;
}

static bool has_sha3(void) {
    return getauxval(AT_HWCAP) >> HWCAP_BIT_SHA3 & 1;
}

#elif defined(__APPLE__)
#include <sys/sysctl.h>

static bool has(const char *name) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value != 0;
}

/* Every Mac has PMULL; systems before macOS 12 do not know the name. */
static bool has_pmull(void) {
    return true;
}

static bool has_sha3(void) {
    return has("hw.optional.arm.FEAT_SHA3") || has("hw.optional.armv8_2_sha3");
}

#elif defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* Windows SDK, winnt.h: PF_ARM_V8_CRYPTO_..., PF_ARM_SHA3_INSTRUCTIONS_AVAILABLE */
static bool has_pmull(void) {
    return IsProcessorFeaturePresent(30);
}

static bool has_sha3(void) {
    return IsProcessorFeaturePresent(64);
}

#else

static bool has_pmull(void) {
    return false;
}

static bool has_sha3(void) {
    return false;
}

#endif

uint32_t cpu_features(void) {
    return (has_pmull() ? CPU_PMULL : 0) | (has_sha3() ? CPU_EOR3 : 0);
}

#else

uint32_t cpu_features(void) {
    return 0;
}

#endif
