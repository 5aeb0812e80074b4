//! Where channels and guide come from: a receiver's web interface, its own files, or one that is only simulated.

pub mod demo;
pub mod disk;
pub mod openwebif;

mod error;

pub use error::Error;
