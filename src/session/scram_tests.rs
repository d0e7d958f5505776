use proptest::prelude::*;

use super::{ClientFirst, ITERATIONS_MAX, ITERATIONS_MIN, NONCE_BYTES, Nonce, ScramClient, ScramCredentials, ScramError, ScramServer};

fn nonce(byte: u8) -> Nonce {
    Nonce::new(&[byte; NONCE_BYTES])
}

/// The whole exchange: what the Client concludes.
fn exchange(user: &str, password: &str, credentials: &ScramCredentials) -> Result<(), ScramError> {
    let (client, first) = ScramClient::start(user, &nonce(1))?;
    let client_first = ClientFirst::read(&first)?;
    assert_eq!(client_first.user(), user);
    let server = ScramServer::new(client_first, credentials.clone(), &nonce(2));
    let (signature, proof) = client.respond(password, &server.server_first())?;
    signature.verify(&server.verify(&proof)?)
}

#[test]
fn the_example_of_rfc_7677_comes_out_byte_by_byte() {
    let credentials = ScramCredentials::new(
        "pencil",
        &[0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81],
        4_096,
    )
    .unwrap();
    let (client, first) = ScramClient::start("user", &Nonce::of("rOprNGfwEbeRWgbNEkqO")).unwrap();
    assert_eq!(first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let server = ScramServer::new(ClientFirst::read(&first).unwrap(), credentials, &Nonce::of("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"));
    assert_eq!(server.server_first(), "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    let (signature, last) = client.respond("pencil", &server.server_first()).unwrap();
    assert_eq!(last, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    let server_final = server.verify(&last).unwrap();
    assert_eq!(server_final, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assert_eq!(signature.verify(&server_final), Ok(()));
}

#[test]
fn a_wrong_password_and_an_unknown_user_fail_alike() {
    let credentials = ScramCredentials::new("right", b"salt", ITERATIONS_MIN).unwrap();
    assert_eq!(exchange("u", "right", &credentials), Ok(()));
    assert_eq!(exchange("u", "wrong", &credentials), Err(ScramError::WrongProof));
    let nobody = ScramCredentials::of_nobody(&[7; 32], "u");
    assert_eq!(exchange("u", "right", &nobody), Err(ScramError::WrongProof));
    assert_eq!(nobody, ScramCredentials::of_nobody(&[7; 32], "u"));
    assert_ne!(nobody, ScramCredentials::of_nobody(&[7; 32], "v"));
}

#[test]
fn credentials_survive_their_text_and_show_nothing_of_themselves() {
    let credentials = ScramCredentials::new("hush", b"some salt", 5_000).unwrap();
    let text = credentials.to_text();
    assert_eq!(ScramCredentials::from_text(&text).as_ref(), Some(&credentials));
    assert!(credentials.is_password("hush"));
    assert!(!credentials.is_password("hash"));
    assert_eq!(format!("{credentials:?}"), "ScramCredentials(5000 iterations, ***)");
    let broken =
        ["", "SCRAM-SHA-256$5000", "SCRAM-SHA-256$5:c2FsdA==$AAAA:AAAA", "SCRAM-SHA-256$5000:$AAAA:AAAA", "SCRAM-SHA-1$5000:c2FsdA==$A:A"];
    assert!(broken.into_iter().chain([text.strip_suffix('=').unwrap()]).all(|text| ScramCredentials::from_text(text).is_none()));
}

#[test]
fn iterations_have_a_lower_and_an_upper_bound_on_both_sides() {
    let answer = |iterations: &str| {
        let (client, _) = ScramClient::start("u", &nonce(1)).unwrap();
        let challenge = format!("r={}x,s=c2FsdA==,i={iterations}", Nonce::new(&[1; NONCE_BYTES]).text());
        client.respond("p", challenge.as_bytes()).map(|_| ())
    };
    assert_eq!(answer("4096"), Ok(()));
    for outside in ["0", "1", "4095", "100001", "4294967296", "99999999999999999999"] {
        assert_eq!(answer(outside), Err(ScramError::Iterations), "{outside}");
    }
    for no_number in ["", "-4096", "+4096", "0x1000", " 4096"] {
        assert_eq!(answer(no_number), Err(ScramError::Malformed), "{no_number}");
    }
    assert_eq!(ScramCredentials::new("p", b"s", ITERATIONS_MIN - 1), Err(ScramError::Iterations));
    assert_eq!(ScramCredentials::new("p", b"s", ITERATIONS_MAX + 1), Err(ScramError::Iterations));
}

#[test]
fn what_a_server_must_not_accept_in_the_first_message() {
    let read = |text: &str| ClientFirst::read(text.as_bytes()).map(|first| first.user().to_owned());
    assert_eq!(read("n,,n=a=2Cb=3Dc,r=x"), Ok("a,b=c".to_owned()));
    assert_eq!(read("y,,n=u,r=x,ext=1"), Ok("u".to_owned()));
    assert_eq!(read("n,a=u,n=u,r=x"), Ok("u".to_owned()));
    assert_eq!(read("n,a=root,n=u,r=x"), Err(ScramError::AuthorizationIdentity));
    assert_eq!(read("p=tls-unique,,n=u,r=x"), Err(ScramError::ChannelBinding));
    assert_eq!(read("n,,m=1,n=u,r=x"), Err(ScramError::Extension));
    for malformed in [
        "",
        "n",
        "n,",
        "n,,",
        "n,,n=u",
        "n,,n=u,r=",
        "n,,r=x,n=u",
        "x,,n=u,r=x",
        "n,,n=a=b,r=x",
        "n,,n=a=2c,r=x",
        "n,u,n=u,r=x",
        "n,,n=u,r=ü",
    ] {
        assert_eq!(read(malformed), Err(ScramError::Malformed), "{malformed}");
    }
    assert_eq!(ClientFirst::read(b"n,,n=\xff,r=x"), Err(ScramError::Malformed));
    assert_eq!(read("n,,n=a\u{7}b,r=x"), Err(ScramError::Prohibited));
    assert_eq!(read("n,,n=,r=x"), Err(ScramError::Prohibited));
}

#[test]
fn a_proof_counts_only_for_its_own_exchange() {
    let credentials = ScramCredentials::new("p", b"salt", ITERATIONS_MIN).unwrap();
    let (client, first) = ScramClient::start("u", &nonce(1)).unwrap();
    let server = |byte| ScramServer::new(ClientFirst::read(&first).unwrap(), credentials.clone(), &nonce(byte));
    let (_, proof) = client.respond("p", &server(2).server_first()).unwrap();
    assert_eq!(server(3).verify(&proof), Err(ScramError::Nonce));
    let text = std::str::from_utf8(&proof).unwrap();
    assert_eq!(server(2).verify(text.replace("biws", "eSws").as_bytes()), Err(ScramError::ChannelBinding));
    assert_eq!(server(2).verify(b"c=biws"), Err(ScramError::Malformed));
    assert_eq!(server(2).verify(text.split_once(",p=").unwrap().0.as_bytes()), Err(ScramError::Malformed));
    assert!(server(2).verify(&proof).is_ok());
}

#[test]
fn a_client_believes_only_the_server_that_knows_the_keys() {
    let (client, _) = ScramClient::start("u", &nonce(1)).unwrap();
    let stranger = client.clone().respond("p", b"r=someone-elses-nonce,s=c2FsdA==,i=4096");
    assert_eq!(stranger.map(|_| ()), Err(ScramError::Nonce));
    let same = format!("r={},s=c2FsdA==,i=4096", nonce(1).text());
    assert_eq!(client.clone().respond("p", same.as_bytes()).map(|_| ()), Err(ScramError::Nonce));
    assert_eq!(client.clone().respond("p", b"e=other-error").map(|_| ()), Err(ScramError::ServerRefused));
    let challenge = format!("r={}x,s=c2FsdA==,i=4096", nonce(1).text());
    let (signature, _) = client.respond("p", challenge.as_bytes()).unwrap();
    assert_eq!(signature.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Err(ScramError::WrongSignature));
    assert_eq!(signature.verify(b"e=invalid-proof"), Err(ScramError::ServerRefused));
    assert_eq!(signature.verify(b"v=AAAA"), Err(ScramError::Malformed));
}

#[test]
fn saslprep_maps_spaces_and_drops_what_is_invisible() {
    let credentials = ScramCredentials::new("a\u{a0}b\u{ad}c", b"salt", ITERATIONS_MIN).unwrap();
    assert!(credentials.is_password("a bc"));
    assert!(!credentials.is_password(""));
    assert!(!credentials.is_password("\u{fffd}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_message_makes_either_side_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), tail in ".{0,40}") {
        let _ = ClientFirst::read(&bytes);
        let _ = ClientFirst::read(format!("n,,n={tail},r=x").as_bytes());
        let (client, first) = ScramClient::start("u", &nonce(1)).unwrap();
        let server = ScramServer::new(ClientFirst::read(&first).unwrap(), ScramCredentials::of_nobody(&[1; 32], "u"), &nonce(2));
        prop_assert!(server.verify(&bytes).is_err());
        let last = format!("c=biws,r={tail},p={tail}");
        prop_assert!(server.verify(last.as_bytes()).is_err());
        prop_assert!(client.respond("p", &bytes).is_err());
    }
}
