"""A small extension, compiled for the target's GPUs."""

package["build_args"] = {"GPUS": ";".join(map(str, target.gpu_architectures))}  # noqa: F821
