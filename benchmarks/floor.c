/* What no checksum can beat, as a Python module that bench_kernels.py builds: the call of a
 * function in C that does nothing, and the rate of the carry-less multiplier. */
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>

static PyObject *nothing(PyObject *self, PyObject *data) {
    (void)self, (void)data;
    Py_RETURN_NONE;
}

static PyObject *integer(PyObject *self, PyObject *data) {
    (void)self, (void)data;
    return PyLong_FromUnsignedLongLong(0xae8b14860a799888);
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

/* Eight chains of products, so that none waits; two products fold one vector. */
#define CHAINS(vec, ISA, MULTIPLY)                                                                 \
    __attribute__((target(ISA))) static void fold_##vec(long vectors) {                            \
        vec a = {0}, b = a, c = a, d = a, e = a, f = a, g = a, h = a;                              \
        for (; vectors > 0; vectors -= 4) {                                                        \
            a = MULTIPLY(a, a, 0), b = MULTIPLY(b, b, 0), c = MULTIPLY(c, c, 0);                   \
            d = MULTIPLY(d, d, 0), e = MULTIPLY(e, e, 0), f = MULTIPLY(f, f, 0);                   \
            g = MULTIPLY(g, g, 0), h = MULTIPLY(h, h, 0);                                          \
            __asm__ volatile(""                                                                    \
                             : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f), "+v"(g),      \
                               "+v"(h));                                                           \
        }                                                                                          \
    }

CHAINS(__m128i, "pclmul", _mm_clmulepi64_si128)
CHAINS(__m256i, "vpclmulqdq,avx2", _mm256_clmulepi64_epi128)
CHAINS(__m512i, "vpclmulqdq,avx512f,avx512vl", _mm512_clmulepi64_epi128)

/* Multiplies as much as folding so many vectors of so many bytes takes. */
static PyObject *fold(PyObject *self, PyObject *args) {
    long bytes, vectors;
    (void)self;
    if (!PyArg_ParseTuple(args, "ll", &bytes, &vectors))
        return NULL;
    (bytes == 64 ? fold___m512i : bytes == 32 ? fold___m256i : fold___m128i)(vectors);
    Py_RETURN_NONE;
}
#endif

static PyMethodDef methods[] = {{"nothing", nothing, METH_O, NULL},
                                {"integer", integer, METH_O, NULL},
#if defined(__x86_64__) && defined(__GNUC__)
                                {"fold", fold, METH_VARARGS, NULL},
#endif
                                {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "floor", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_floor(void) {
    return PyModule_Create(&module);
}
