// vector.add(x, y, n): y[i] += x[i] for vectors of n equal numbers; the first sum comes back.
#include <Python.h>
#include <cuda_runtime.h>

__global__ void add(const float *x, float *y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += x[i];
}

__global__ void fill(float *x, float value, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] = value;
}

static PyObject *vector_add(PyObject *, PyObject *args)
{
    float a, b, sum = 0, *x = nullptr, *y = nullptr;
    int n;
    if (!PyArg_ParseTuple(args, "ffi", &a, &b, &n)) return nullptr;
    int blocks = (n + 255) / 256;
    cudaMalloc(&x, n * sizeof(float));
    cudaMalloc(&y, n * sizeof(float));
    fill<<<blocks, 256>>>(x, a, n);
    fill<<<blocks, 256>>>(y, b, n);
    add<<<blocks, 256>>>(x, y, n);
    cudaMemcpy(&sum, y, sizeof sum, cudaMemcpyDeviceToHost);
    cudaError_t fault = cudaGetLastError();
    cudaFree(x);
    cudaFree(y);
    if (fault != cudaSuccess) {
        PyErr_SetString(PyExc_RuntimeError, cudaGetErrorString(fault));
        return nullptr;
    }
    return PyFloat_FromDouble(sum);
}

static PyMethodDef methods[] = {
    {"add", vector_add, METH_VARARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "vector", nullptr, -1, methods};

PyMODINIT_FUNC PyInit_vector() { return PyModule_Create(&module); }
