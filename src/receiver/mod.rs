//! Where channels and guide come from: a receiver's web interface, or one that is only simulated.

pub mod demo;
pub mod disk;
pub mod openwebif;
