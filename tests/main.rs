//! The integration tests: one binary, one module for each subject.

mod papers; // sample file, reference page and help against the key table
