//! What the audit is told of the gate's decisions.

use nanoserde::DeJson;

use super::*;
use crate::kit::AuditLine;

/// The lines about requests, once the program has stopped.
async fn lines(kit: &Kit) -> Vec<AuditLine> {
    kit.stop().await;
    let text = std::fs::read_to_string(kit.directory().join("data/audit.log")).unwrap();
    let lines = text
        .lines()
        .map(|line| AuditLine::deserialize_json(line).unwrap());
    lines
        .filter(|line| !line.event_type.starts_with("refresh."))
        .collect()
}

#[test]
fn every_decision_about_a_change_is_told_with_its_reason() {
    let with_token = |config: &mut Config| config.auth.token = TOKEN.into();
    behind_a_proxy(with_token, async |kit| {
        kit.pass().await;
        let lan = from(LAN);
        let ids = |id: &str| format!("X-Request-ID: {id}\r\n");
        is_let_in(&post(kit, &format!("{lan}{}{}", bearer(TOKEN), ids("good"))).await);
        for _ in 0..2 {
            let wrong = format!("{lan}{}{}", bearer("geraten"), ids("wrong"));
            is_error(&post(kit, &wrong).await, 403, "E011");
        }
        is_error(
            &post(kit, &format!("{lan}{}", ids("none"))).await,
            401,
            "E010",
        );
        is_error(
            &post(kit, &format!("{}{}", from(OUTSIDE), ids("far"))).await,
            403,
            "E012",
        );
        let page = format!(
            "{}Origin: http://evil.example\r\n{}",
            bearer(TOKEN),
            ids("page")
        );
        is_error(&post(kit, &page).await, 403, "E013");
        let lines = lines(kit).await;
        let told: Vec<(&str, &str, &str, &str)> = lines
            .iter()
            .map(|line| {
                (
                    &*line.event_type,
                    &*line.result,
                    &*line.actor,
                    &*line.request_id,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("auth.success", "success", LAN, "good"),
                ("api.access", "success", LAN, "good"),
                ("auth.failure", "denied", LAN, "wrong"),
                ("auth.failure", "denied", LAN, "wrong"),
                ("auth.missing", "denied", LAN, "none"),
                ("api.forbidden", "denied", OUTSIDE, "far"),
                ("api.forbidden", "denied", "127.0.0.1", "page"),
            ]
        );
        for line in &lines {
            assert_eq!(
                (&*line.action, &*line.resource),
                ("POST", "/api/v1/refresh")
            );
            assert_eq!(line.remote_addr, line.actor);
            assert_eq!(line.details.contains_key("reason"), line.result == "denied");
        }
    });
}

#[test]
fn of_what_only_reads_each_client_is_told_once() {
    let slow = |config: &mut Config| {
        config.ratelimit.rps = 1;
        config.ratelimit.burst = 4;
        config.auth.token = TOKEN.into();
    };
    behind_a_proxy(slow, async |kit| {
        kit.pass().await;
        for _ in 0..3 {
            kit.get_with("/playlist.m3u", &from(OUTSIDE)).await;
            kit.get_with("/playlist.m3u", &format!("{}{}", from(LAN), bearer(TOKEN)))
                .await;
        }
        let mut limited = 0;
        while limited < 3 {
            limited += usize::from(kit.get_with("/healthz", &from("10.0.0.1")).await.status == 429);
        }
        let lines = lines(kit).await;
        let told: Vec<(&str, &str)> = lines
            .iter()
            .map(|line| (&*line.event_type, &*line.actor))
            .collect();
        let expected = [
            ("api.forbidden", OUTSIDE),
            ("auth.success", LAN),
            ("api.ratelimit", "10.0.0.1"),
        ];
        assert_eq!(told, expected);
    });
}
