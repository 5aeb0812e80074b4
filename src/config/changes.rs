//! What differs between two configurations.

use super::{Config, Key, KEYS};

/// The keys whose values differ, in the order of the table; secrets are compared, too.
pub fn changes(old: &Config, new: &Config) -> Vec<&'static Key> {
    let differs = |key: &&Key| key.kind.differs(old, new);
    KEYS.iter().filter(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_keys_are_named_secret_ones_too() {
        let old = Config::default();
        assert!(changes(&old, &old).is_empty());
        let mut new = old.clone();
        new.guide.days = 3;
        new.receiver.password = "a".into();
        let paths: Vec<&str> = changes(&old, &new).iter().map(|key| key.path).collect();
        assert_eq!(paths, ["receiver.password", "guide.days"]);
        let mut other = new.clone();
        other.receiver.password = "b".into();
        assert_eq!(changes(&new, &other).len(), 1);
    }
}
