"""Registries asked over the network: the OCI protocol, and Docker Hub's listing."""
