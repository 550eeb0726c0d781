/* A machine that has everything, for emulated/immintrin.h. */
#include "cpu.h"

uint32_t cpu_features(void) {
    return CPU_PCLMUL | CPU_AVX | CPU_VPCLMUL256 | CPU_VPCLMUL512;
}
