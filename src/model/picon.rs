//! Names under which receivers keep the logo (picon) of a service.
//!
//! Order and rules: enigma2's `Components/Renderer/Picon.py` and OpenWebif's own resolver (reference page of
//! OpenWebif, section 6), all suffixes tried shortest first, which mends the `ZDF HD` -> `zd` slip of the former.

use super::ServiceRef;

/// File names without ending, best first: by reference, then by name. No duplicates.
pub fn picon_names(service: &ServiceRef, name: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    // URL services share their ten fields, so only the name tells them apart when these are empty.
    if service.url().is_none() || service.triple() != [0; 3] {
        let slug = service.slug();
        let mut fields: Vec<String> = slug.split('-').take(10).map(str::to_owned).collect();
        add(fields.join("_"));
        // Sub-networks: the low half of the namespace is a hash that picon sets leave out.
        let namespace = format!("{:X}", service.namespace() & 0xffff_0000);
        if fields[6] != namespace {
            fields[6] = namespace;
            add(fields.join("_"));
        }
        fields[0] = "1".into();
        add(fields.join("_"));
        if fields[2] != "2" {
            for stype in ["1", "19"] {
                fields[2] = stype.into();
                add(fields.join("_"));
            }
        }
    }
    let by_name = name_form(name);
    for suffix in ["", "hd", "uhd", "fhd", "sd", "4k"] {
        if let Some(stem) = by_name.strip_suffix(suffix) {
            add(stem.to_owned());
        }
    }
    names
}

/// A service name as picon sets spell it: lower case, `&` and, `+` plus, `*` star, accents off, only `a-z0-9`.
fn name_form(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            '&' => out.push_str("and"),
            '+' => out.push_str("plus"),
            '*' => out.push_str("star"),
            'a'..='z' | '0'..='9' => out.push(c),
            // enigma2 decomposes (NFKD) and drops what is left over; the letters of western broadcasters suffice.
            'à'..='å' => out.push('a'),
            'ç' => out.push('c'),
            'è'..='ë' => out.push('e'),
            'ì'..='ï' => out.push('i'),
            'ñ' => out.push('n'),
            'ò'..='ö' => out.push('o'),
            'ù'..='ü' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'š' => out.push('s'),
            'ž' => out.push('z'),
            'č' | 'ć' => out.push('c'),
            'ř' => out.push('r'),
            'ě' | 'ę' => out.push('e'),
            'ą' => out.push('a'),
            'ś' => out.push('s'),
            'ź' | 'ż' => out.push('z'),
            'ń' => out.push('n'),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(reference: &str, name: &str) -> Vec<String> {
        picon_names(&ServiceRef::parse(reference).unwrap(), name)
    }

    #[test]
    fn the_reference_comes_first_then_its_looser_forms_then_the_name() {
        assert_eq!(
            names("1:0:1F:6C:7D7:2:11A07D7:0:0:0:", "BBC One Lon HD"),
            [
                "1_0_1F_6C_7D7_2_11A07D7_0_0_0",
                "1_0_1F_6C_7D7_2_11A0000_0_0_0",
                "1_0_1_6C_7D7_2_11A0000_0_0_0",
                "1_0_19_6C_7D7_2_11A0000_0_0_0",
                "bbconelonhd",
                "bbconelon"
            ]
        );
    }

    #[test]
    fn zdf_hd_is_found_as_zdf() {
        assert!(names("1:0:19:2B66:3F3:1:C00000:0:0:0:", "ZDF HD").contains(&"zdf".to_owned()));
    }

    #[test]
    fn url_services_without_ids_go_by_name_only() {
        assert_eq!(
            names("4097:0:1:0:0:0:0:0:0:0:http%3a//h/x:n", "IPTV «Demo» & Co"),
            ["iptvdemoandco"]
        );
        assert_eq!(names("1:0:2:1:1:1:C00000:0:0:0:", "Ö1+")[1..], ["o1plus"]);
    }
}
