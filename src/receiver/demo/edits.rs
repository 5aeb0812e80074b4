//! Changes to the simulated world while it runs: what users and broadcasters do.

use super::plan::Genre;
use super::world::{Entry, World};
use super::Receiver;

impl Receiver {
    /// The services of a bouquet file (`userbouquet.favourites.tv`) as reference and name, hidden ones included.
    pub fn services(&self, file: &str) -> Vec<(String, String)> {
        let world = self.state().world.borrow();
        let entries = world.bouquets.iter().filter(|bouquet| bouquet.file == file);
        let entries = entries
            .flat_map(|bouquet| &bouquet.entries)
            .filter(|entry| entry.is_service());
        entries
            .map(|entry| (entry.sref.clone(), entry.name.clone()))
            .collect()
    }

    /// The bouquet files in the order of the list, hidden ones included.
    pub fn bouquet_files(&self) -> Vec<String> {
        let world = self.state().world.borrow();
        world
            .bouquets
            .iter()
            .filter(|bouquet| bouquet.top)
            .map(|bouquet| bouquet.file.clone())
            .collect()
    }

    /// Gives a service another name in all bouquets, as a broadcaster does; `false` if it is unknown.
    pub fn rename_service(&self, sref: &str, name: &str) -> bool {
        self.edit(|world| {
            let entries = world
                .bouquets
                .iter_mut()
                .flat_map(|bouquet| &mut bouquet.entries);
            let mut found = false;
            for entry in entries.filter(|entry| entry.sref == sref) {
                name.clone_into(&mut entry.name);
                found = true;
            }
            found
        })
    }

    /// Removes a service from one bouquet; `false` if it was not there.
    pub fn remove_service(&self, file: &str, sref: &str) -> bool {
        self.edit_bouquet(file, |entries| {
            let before = entries.len();
            entries.retain(|entry| entry.sref != sref);
            entries.len() < before
        })
    }

    /// Adds a service, known or new, at the end of a bouquet; `false` if there is no such bouquet.
    pub fn add_service(&self, file: &str, sref: &str, name: &str) -> bool {
        self.edit(|world| {
            let known = world.entries().find(|entry| entry.sref == sref).cloned();
            let entry = known.unwrap_or_else(|| Entry::new(sref.to_owned(), name, Genre::Mixed));
            let entry = Entry {
                name: name.to_owned(),
                ..entry
            };
            let bouquet = world
                .bouquets
                .iter_mut()
                .find(|bouquet| bouquet.file == file);
            bouquet.map(|bouquet| bouquet.entries.push(entry)).is_some()
        })
    }

    /// Removes a bouquet and all in it; `false` if it was not there.
    pub fn drop_bouquet(&self, file: &str) -> bool {
        self.edit(|world| {
            let before = world.bouquets.len();
            world.bouquets.retain(|bouquet| bouquet.file != file);
            world.bouquets.len() < before
        })
    }

    /// Changes the title of the event that runs on a service at `at` (seconds since 1970); `false` if there is none.
    pub fn retitle_event(&self, sref: &str, at: i64, title: &str) -> bool {
        let now = self.now();
        self.edit(|world| {
            let Some(entry) = world.service(sref).cloned() else {
                return false;
            };
            world.programme.retitle(&entry, now, at, title)
        })
    }

    /// Whether the guide knows only what runs now and next, as after a restart of the GUI.
    pub fn set_guide_forgotten(&self, forgotten: bool) {
        self.edit(|world| world.programme.forgotten = forgotten);
    }

    fn edit_bouquet(&self, file: &str, change: impl FnOnce(&mut Vec<Entry>) -> bool) -> bool {
        self.edit(|world| {
            let bouquet = world
                .bouquets
                .iter_mut()
                .find(|bouquet| bouquet.file == file);
            bouquet.is_some_and(|bouquet| change(&mut bouquet.entries))
        })
    }

    fn edit<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.state().world.borrow_mut())
    }
}
