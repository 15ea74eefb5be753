"""Readers of file formats: IDX, MATLAB, npz, HDF5, binary matrices, archives, encoded images."""
