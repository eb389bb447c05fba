"""Physics of cooled skin: pure functions of arrays. Knows nothing of clients, plans or knowledge files.

The equation, for a column of skin of depth z (Pennes 1948, J Appl Physiol 1:93):

    rho c dT/dt = d/dz (k dT/dz) + w rho_b c_b (T_a - T) + q_m

with heat exchange at the surface through a coefficient and a sink temperature or as a given flux, both of
which vary in time, and a conductance to a deep temperature below.
"""
