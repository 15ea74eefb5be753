"""Drawing of solids under light: vectorised ray casting in NumPy, exact outlines, deterministic, no graphics card.

Why our own: what is drawn is a few tens of convex solids at 32 to 64 pixels, thousands of times a second, with no
display and on every platform that PyTorch runs on. Casting rays at such solids is closed algebra that NumPy does for a
whole image at once. Of the libraries, OpenGL (pyrender, moderngl, VTK, Open3D) wants a display or a software driver
that pip does not bring, and costs milliseconds an image for state and read-back; matplotlib's 3-D takes tens of
milliseconds and sorts faces without a depth buffer. Embree (embreex 4.4) was measured: 13 million rays a second on a
head of 5,120 triangles and 38 million on twenty boxes, on one core, a good three times as fast as what is here. It is
45 MB of binaries with no wheel for Linux on ARM or for macOS on Apple's processors, it wants curved solids cut into
triangles, and its choice of instruction set decides the last bits, so that it was left.

Coordinates: x to the right, y up, z towards the viewer. Angles are in degrees. Everything is float32.
"""
