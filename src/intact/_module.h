/* What Cython leaves to be said about a module: functions that take their arguments as an
 * array, and by which interpreters it may be imported.  Part of the file made of _native.pyx. */
#ifndef INTACT_MODULE_H
#define INTACT_MODULE_H

#include <Python.h>

#include "crc.h"

#ifdef Py_GIL_DISABLED
#define INTACT_HAS_GIL 0
#else
#define INTACT_HAS_GIL 1
#endif

/* Facts of the process: every interpreter that imports the module writes the same. */
static uint32_t FEATURES;
static const struct crc_kernel *SELECTED;
static Py_ssize_t BYTES_AT; /* of bytes in their object; the limited API tells by a call */

typedef PyObject *const *arguments;

static PyObject *crc64nvme_one(PyObject *self, arguments args, Py_ssize_t count);
static PyObject *crc32_one(PyObject *self, arguments args, Py_ssize_t count);
static PyObject *crc32c_one(PyObject *self, arguments args, Py_ssize_t count);
static PyObject *crc64nvme_two(PyObject *self, arguments args, Py_ssize_t count, PyObject *names);
static PyObject *crc32_two(PyObject *self, arguments args, Py_ssize_t count, PyObject *names);
static PyObject *crc32c_two(PyObject *self, arguments args, Py_ssize_t count, PyObject *names);

/* clang-format off */ /* it would take the brace for a block's */
#define METHOD(name, function, flags, doc)                                                         \
    { name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | (flags), doc }
/* clang-format on */

static PyMethodDef METHODS[] = {
    METHOD("crc64nvme", crc64nvme_one, 0,
           "crc64nvme(data, value=0, /)\n--\n\n"
           "CRC-64/NVME of a buffer, or of what `value` is the CRC of followed by the buffer.\n\n"
           "Raises TypeError unless `data` is a bytes-like object, BufferError unless it is\n"
           "contiguous, and OverflowError unless `value` fits."),
    METHOD("crc32", crc32_one, 0,
           "crc32(data, value=0, /)\n--\n\n"
           "CRC-32/ISO-HDLC, that of zlib; otherwise as crc64nvme."),
    METHOD("crc32c", crc32c_one, 0,
           "crc32c(data, value=0, /)\n--\n\n"
           "CRC-32/ISCSI; otherwise as crc64nvme."),
    METHOD("crc64nvme_combine", crc64nvme_two, METH_KEYWORDS,
           "crc64nvme_combine(crc1, crc2, len2)\n--\n\n"
           "CRC of a + b from crc1 of a, crc2 of b and the length of b in bytes, below 2**64.\n\n"
           "Raises OverflowError unless all three fit and ValueError for a negative length."),
    METHOD("crc32_combine", crc32_two, METH_KEYWORDS,
           "crc32_combine(crc1, crc2, len2)\n--\n\n"
           "CRC of a + b from crc1 of a, crc2 of b and the length of b; as crc64nvme_combine."),
    METHOD("crc32c_combine", crc32c_two, METH_KEYWORDS,
           "crc32c_combine(crc1, crc2, len2)\n--\n\n"
           "CRC of a + b from crc1 of a, crc2 of b and the length of b; as crc64nvme_combine."),
};

/* Cython's module, completed.  Cython gives each interpreter a state of its own, but never
 * frees it, and refuses an interpreter that imports the module again.
 *
 * Here the interpreter holds the module that it executed first, until it ends, so that the
 * state is there for as long as anyone can call; modules loaded later share all of its names. */
PyMODINIT_FUNC cython_init(void);
static int cython_execute(PyObject *module);
static int cython_clear(PyObject *module);
static int __Pyx_State_AddModule(PyObject *module, void *unused); /* of this interpreter */

static int execute_module(PyObject *module) {
    PyObject *held = PyInterpreterState_GetDict(PyInterpreterState_Get()); /* borrowed */
    if (held == NULL)
        return PyErr_NoMemory(), -1;
    PyObject *first = PyDict_GetItemString(held, "intact._native");
    if (first != NULL)
        return PyDict_Merge(PyModule_GetDict(module), PyModule_GetDict(first), 0);
    /* Cython looks first whether the interpreter has a module, and where its table has no row for
     * it, reads what lies behind the last one: as good as any number, its own among them.  So there
     * is a row, without a module yet. */
    if (__Pyx_State_AddModule(NULL, NULL) != 0 || cython_execute(module) != 0)
        return -1;
    int failed = PyModule_AddFunctions(module, METHODS) != 0 ||
                 PyDict_SetItemString(held, "intact._native", module) != 0;
    Py_DECREF(module); /* the reference that Cython would hold for ever */
    return failed ? -1 : 0;
}

/* Once for each state, which begins with the module's dictionary until it is cleared. */
static int clear_module(PyObject *module) {
    PyObject **state = PyModule_GetState(module);
    return state != NULL && *state != NULL ? cython_clear(module) : 0;
}

static void free_module(void *module) {
    (void)clear_module((PyObject *)module);
}

PyMODINIT_FUNC PyInit__native(void) {
    static PyModuleDef_Slot slots[8]; /* Cython's but the one that refuses, and the end */
    PyModuleDef *definition = (PyModuleDef *)cython_init();
    if (definition == NULL || definition->m_slots == slots)
        return (PyObject *)definition;
    size_t used = 0;
    for (const PyModuleDef_Slot *slot = definition->m_slots; slot->slot != 0; slot++)
        if (slot->slot == Py_mod_exec)
            slots[used++] = (PyModuleDef_Slot){Py_mod_exec, (void *)execute_module};
        else if (slot->slot != Py_mod_create)
            slots[used++] = *slot;
    definition->m_clear = clear_module;
    definition->m_free = free_module;
    definition->m_slots = slots;
    return (PyObject *)definition;
}

#define __pyx_pymod_exec__native cython_execute
#define __pyx_m_clear            cython_clear
#define PyInit__native           cython_init

#if defined(Py_LIMITED_API)
/* Cython imports inspect, which takes longer than all else, to learn what Python's code.h has
 * said since Python 2. */
#define __Pyx_init_co_variables()                                                                  \
    (CO_OPTIMIZED = 0x1, CO_NEWLOCALS = 0x2, CO_VARARGS = 0x4, CO_VARKEYWORDS = 0x8,               \
     CO_GENERATOR = 0x20, CO_COROUTINE = 0x80, CO_ASYNC_GENERATOR = 0x200,                         \
     0 && __Pyx_init_co_variables())
#endif

#endif
