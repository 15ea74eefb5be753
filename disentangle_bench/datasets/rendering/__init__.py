"""Drawing of solids under light: vectorized ray casting in NumPy, exact outlines, deterministic, no graphics card.

Why our own: what is drawn is some tens of convex solids, or soft ellipsoids, at 32 to 64 pixels, a thousand times a
second and without a display. Meeting a ray with such solids is closed algebra, which NumPy does for a whole image at
once. Libraries that were weighed:

- Embree (embreex 4.4, 45 MB of binaries) was measured beside: 0.3 ms for the rays of a head of 5,120 triangles and 0.5
  ms for those of a chair of twenty boxes on one core, without shading, where a whole head takes about 0.9 ms and a
  whole chair 0.8 ms here. It has no wheel for Linux on ARM, wants what is round cut into triangles, and its last bits
  depend on the processor's instructions.
- matplotlib's 3-D draws a chair of 16 boxes in 1 ms, but sorts whole faces where a depth buffer is needed, so that
  parts show through others.
- OpenGL (pyrender, moderngl, VTK, Open3D) wants a display, or a driver in software that pip does not bring.

Coordinates: x to the right, y up, z towards the viewer. Angles are in degrees. Everything is float32.
"""
