"""Raw dumps of real kernels: a guest is booted, given memory of many kinds, and dumped."""
