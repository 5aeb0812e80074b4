//! What differs between two configurations, and what of it counts at once.

use super::{Change, Config, Key, Loaded, KEYS};

/// The keys whose values differ, in the order of the table; secrets are compared, too.
pub fn changes(old: &Config, new: &Config) -> Vec<&'static Key> {
    let differs = |key: &&Key| key.kind.differs(old, new);
    KEYS.iter().filter(differs).collect()
}

/// Makes `new` what may be in force after `old` without a restart: cold keys stay as they were. Tells all changes.
pub fn settle(old: &Loaded, new: &mut Loaded) -> Vec<Change> {
    let told = changes(&old.config, &new.config).into_iter().map(|key| {
        let change = Change {
            key: key.path,
            value: key.value(&new.config),
            was: key.value(&old.config),
            needs_restart: key.is_cold(),
        };
        (key, change)
    });
    let told: Vec<_> = told.collect();
    for (key, change) in &told {
        if change.needs_restart {
            new.keep(key, old);
        }
    }
    told.into_iter().map(|(_, change)| change).collect()
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

    #[test]
    fn cold_keys_stay_as_they_were_and_are_told() {
        let old = Loaded::unsaid(Config::default());
        let mut new = old.clone();
        new.config.guide.days = 3;
        new.config.server.listen = "127.0.0.1:1".parse().unwrap();
        new.config.files.data = Some("/x".into());
        new.config.files.state = Some("/y".into());
        let told = settle(&old, &mut new);
        let told: Vec<_> = told
            .iter()
            .map(|one| (one.key, one.needs_restart))
            .collect();
        let cold = [
            ("guide.days", false),
            ("server.listen", true),
            ("files.data", true),
            ("files.state", true),
        ];
        assert_eq!(told, cold);
        assert_eq!(new.config.guide.days, 3);
        assert_eq!(new.config.server, old.config.server);
        assert_eq!(new.config.files, old.config.files);
        // Whoever asks again is told again.
        assert!(settle(&old, &mut new).iter().all(|one| !one.needs_restart));
    }
}
