use super::*;
#[test]
fn temporary_comparison() {
    use crate::model::*;
    use nanoserde::DeJson;
    #[derive(DeJson)]
    struct Row { servicename: String, servicereference: String }
    #[derive(DeJson)]
    struct Rows { services: Vec<Row> }
    #[derive(DeJson)]
    struct B { bouquets: Vec<Vec<String>> }
    let base = "/work/shared/captures/openwebif-2.4.0/";
    let disk = Disk::new("/work/shared/captures/box/etc/enigma2");
    assert!(disk.is_there());
    let listing = disk.listing().unwrap();
    let entries = |file: &str| -> Vec<Entry> {
        let rows: Rows = DeJson::deserialize_json(&std::fs::read_to_string(format!("{base}{file}.json")).unwrap()).unwrap();
        rows.services.iter().map(|r| Entry::new(&r.servicereference, &r.servicename).unwrap()).collect()
    };
    for b in &listing.bouquets { println!("{} {} {}", b.reference, b.name, b.entries.len()); }
    let mut web = Listing::default();
    for (media, file) in [(Media::Tv, "api_bouquets"), (Media::Radio, "api_bouquets_radio")] {
        let b: B = DeJson::deserialize_json(&std::fs::read_to_string(format!("{base}{file}.json")).unwrap()).unwrap();
        for row in b.bouquets {
            let e = if row[0].contains("favourites.tv") {"api_getservices_fav"} else if row[0].contains("dbe01") {"api_getservices_dbe"} else if row[0].contains("iptv") {"api_getservices_iptv"} else if row[0].contains("radio") {"api_getservices_radio"} else {"" };
            let mut es = if e.is_empty() {vec![]} else {entries(e)};
            for x in &mut es { if x.service.is_group() { x.members = entries("api_getservices_alt"); } 
               if x.kind()==EntryKind::Bouquet { x.members = listing.bouquets[0].entries.iter().find(|y| y.service==x.service).unwrap().members.clone(); } }
            web.bouquets.push(ListedBouquet{reference: row[0].as_str().into(), name: row[1].as_str().into(), media, entries: es});
        }
    }
    fn flat(es: &[Entry], into: &mut Vec<String>, d: usize) { for e in es { if e.service.is_invisible() { println!("    invisible {:?} {} locked {} {:?}", e.service.to_string(), e.name, e.is_locked, e.facts); continue; } into.push(format!("{d} {} {:?} {}", e.service.address(), e.kind(), e.name)); flat(&e.members, into, d+1);} }
    for b in &web.bouquets {
        let Some(d) = listing.bouquets.iter().find(|d| d.reference==b.reference) else { println!("MISSING {}", b.reference); continue };
        if d.name != b.name { println!("NAME {} {}", d.name, b.name); }
        let (mut x, mut y) = (vec![], vec![]);
        flat(&d.entries, &mut x, 0); flat(&b.entries, &mut y, 0);
        for l in &x { if !y.contains(l) { println!("disk only: {l}"); } }
        for l in &y { if !x.contains(l) { println!("web only: {l}"); } }
        if x==y { println!("same {} {}", b.reference, x.len()); }
    }
    let (d, w) = (Lineup::resolve(&listing, &Selection::default()), Lineup::resolve(&web, &Selection::default()));
    println!("channels {} {}", d.channels.len(), w.channels.len());
    for c in &d.channels { let o = w.find(&c.slug); 
       println!("{} {} {:?} {:?} {:?} {}", c.number, c.name, c.media, c.facts, c.service.quality(), match o { None => "MISSING in web".into(), Some(o) => format!("{}{}{}", o.number, if o.name!=c.name {format!(" NAME {}", o.name)} else {"".into()}, if o.epg!=c.epg || o.media!=c.media || o.bouquets!=c.bouquets {" OTHER"} else {""}) }); }
    for c in &w.channels { if d.find(&c.slug).is_none() { println!("WEB ONLY {} {}", c.number, c.name); } }
    for b in &d.bouquets { println!("{} {} hidden {} locked {} channels {}", b.stem, b.name, b.hidden, b.locked, b.channels.len()); }
    println!("{:?}", disk.relay().unwrap());
}
