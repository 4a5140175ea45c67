//! An echo over QUIC, by quinn: a server that closes a connection when it has written its answer, and not when the client has it,
//! takes away what the network has lost meanwhile.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use quinn::{ClientConfig, Connection, Endpoint, ServerConfig};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use selkie_sim::{Link, World};

use super::setting::{finds, passes};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a message, which need some packets.
const LENGTH: usize = 20_000;

/// A certificate for the server, and its key.
#[derive(Clone)]
struct Credential {
    certificate: CertificateDer<'static>,
    key: Arc<PrivatePkcs8KeyDer<'static>>,
}

impl Credential {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed([String::from("server")]).unwrap();
        Self {
            certificate: made.cert.der().clone(),
            key: Arc::new(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der())),
        }
    }
}

/// Answers one message.
async fn echo(connection: Connection, is_right: bool) -> Result<(), Error> {
    let (mut sends, mut receives) = connection.accept_bi().await?;
    tokio::io::copy(&mut receives, &mut sends).await?;
    sends.finish()?;
    if is_right {
        sends.stopped().await?;
    }
    connection.close(0_u32.into(), b"answered");
    Ok(())
}

async fn serve(credential: Credential, is_right: bool) {
    let key = PrivateKeyDer::Pkcs8(credential.key.clone_key());
    let config = ServerConfig::with_single_cert(vec![credential.certificate], key).unwrap();
    let endpoint = Endpoint::server(config, (Ipv4Addr::UNSPECIFIED, 4433).into()).unwrap();
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(async move { echo(incoming.await?, is_right).await });
    }
}

async fn call(credential: Credential) -> Result<Vec<u8>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(credential.certificate.clone())?;
    let mut endpoint = Endpoint::client((Ipv4Addr::UNSPECIFIED, 0).into())?;
    endpoint.set_default_client_config(ClientConfig::with_root_certificates(Arc::new(roots))?);
    let server = tokio::net::lookup_host("server:4433").await?.next();
    let server = server.ok_or("no address")?;
    let connection = endpoint.connect(server, "server")?.await?;
    let (mut sends, mut receives) = connection.open_bi().await?;
    sends.write_all(&[7; LENGTH]).await?;
    sends.finish()?;
    Ok(receives.read_to_end(LENGTH).await?)
}

async fn play(world: World, is_right: bool) {
    let credential = Credential::new();
    let own = credential.clone();
    let _server = world
        .host("server")
        .start(move || serve(own.clone(), is_right));
    world.default_link(Link::default().loss(0.01));
    world.sleep(Duration::from_secs(1)).await;
    let client = world.host("client").start(move || {
        let credential = credential.clone();
        async move {
            let answer = call(credential).await.expect("the whole answer comes");
            assert_eq!(answer.len(), LENGTH);
        }
    });
    let is_over = || client.ended().is_some();
    world
        .eventually(Duration::from_secs(60), "the client ends", is_over)
        .await;
}

#[test]
fn a_connection_that_is_closed_before_its_answer_is_there_is_found() {
    finds("the whole answer comes", |world| play(world, false));
}

#[test]
fn nothing_is_found_where_the_client_has_the_answer_first() {
    passes(|world| play(world, true));
}
