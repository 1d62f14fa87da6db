//! Session guarantees, regularity and convergence.
