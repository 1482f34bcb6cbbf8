package import CatalogModel
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A double of the Kubernetes API server, since there is no cluster to test with.
///
/// It speaks the real protocol over HTTPS with a certificate authority of its own: access reviews by
/// rules, config maps, secrets and leases with resource versions and conflicts, streamed watches, a
/// bearer token. It is no cluster: there is one API server, nothing but these resources, and the
/// rules are those of the test.
package final class KubernetesDouble: Sendable {
    /// What goes wrong with requests whose path contains a text.
    package enum Fault: Sendable, Hashable {
        /// An answer with this status and a `Status` object.
        case status(Int)
        /// No answer, on an open connection.
        case hang
        /// The connection is closed without an answer.
        case drop
    }

    /// One access review as it was asked.
    package struct Review: Sendable, Hashable {
        package let user: String
        package let groups: [String]
        package let group: String
        package let resource: String
        package let verb: String
        package let namespace: String

        package init(
            user: String, groups: [String], group: String, resource: String, verb: String,
            namespace: String
        ) {
            self.user = user
            self.groups = groups
            self.group = group
            self.resource = resource
            self.verb = verb
            self.namespace = namespace
        }
    }

    /// One kind of request, as it came; the same again is the same.
    package struct Call: Sendable, Hashable {
        package let method: String
        package let path: String
        package let isWatch: Bool
    }

    /// The headers by which a request says to which trace it belongs.
    package struct Trace: Sendable, Hashable {
        package let parent: String
        package let state: String?
    }

    let state: Mutex<KubernetesState>
    private let folder: String
    private let channel: Mutex<(any Channel)?> = Mutex(nil)
    private let listening: Mutex<Int> = Mutex(0)

    private init(folder: String) {
        self.folder = folder
        state = Mutex(KubernetesState(token: "token-\(UInt64.random(in: 0 ... .max))"))
    }

    deinit {
        channel.withLock { $0?.close(promise: nil) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts a double on a port of the loopback interface.
    package static func start() async throws -> KubernetesDouble {
        let double = KubernetesDouble(folder: try ServerFiles.temporaryFolder())
        try await KubernetesCertificates.make(in: double.folder)
        try "catalog-system".write(
            toFile: "\(double.folder)/namespace", atomically: true, encoding: .utf8)
        try double.writeToken()
        try await double.listen()
        return double
    }

    private func listen() async throws {
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile("\(folder)/server.crt").map {
                .certificate($0)
            },
            privateKey: .privateKey(
                try NIOSSLPrivateKey(file: "\(folder)/server.key", format: .pem)))
        let context = try NIOSSLContext(configuration: configuration)
        let bound = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [weak self] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(KubernetesHandler(double: self))
                }
            }
            .bind(host: "127.0.0.1", port: listening.withLock { $0 }).get()
        listening.withLock { $0 = bound.localAddress?.port ?? 0 }
        channel.withLock { $0 = bound }
    }

    // MARK: For the server under test

    /// The settings of a server that runs in this cluster.
    package var environment: [String: String] {
        [
            "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(port)",
            "CATALOG_KUBERNETES_TOKEN_FILE": tokenPath,
            "CATALOG_KUBERNETES_CA_FILE": authorityPath,
            "CATALOG_KUBERNETES_NAMESPACE_FILE": namespacePath,
        ]
    }

    package var port: Int { listening.withLock { $0 } }
    package var tokenPath: String { "\(folder)/token" }
    package var authorityPath: String { "\(folder)/ca.crt" }
    package var namespacePath: String { "\(folder)/namespace" }

    // MARK: Faults

    /// Makes requests whose path contains the text go wrong, of one method or all, until cleared.
    package func set(_ fault: Fault, on text: String, method: String? = nil) {
        state.withLock { $0.faults.append((text, method, fault)) }
    }

    package func clearFaults() { state.withLock { $0.faults = [] } }

    /// Stops accepting connections; those that are open stay.
    package func stopListening() async throws {
        let bound = channel.withLock { channel in
            defer { channel = nil }
            return channel
        }
        try await bound?.close()
    }

    /// Accepts connections again, on the same port.
    package func listenAgain() async throws { try await listen() }

    /// Replaces the token, as the kubelet does; the old one is refused from now on.
    package func rotateToken() throws {
        state.withLock { $0.token = "token-\(UInt64.random(in: 0 ... .max))" }
        try writeToken()
    }

    private func writeToken() throws {
        let token = state.withLock { $0.token }
        try "\(token)\n".write(toFile: tokenPath, atomically: true, encoding: .utf8)
    }

    // MARK: Access reviews

    /// Lets a user, or everyone of a group, do something in a namespace; `*` stands for all.
    package func allow(
        user: String? = nil, group: String? = nil, _ verbs: [String], on resources: [String],
        in namespace: String = "*"
    ) {
        state.withLock { state in
            state.rules.append(
                KubernetesRule(
                    user: user, group: group, verbs: Set(verbs), resources: Set(resources),
                    namespace: namespace))
        }
    }

    /// Takes every rule back that names the user.
    package func revoke(user: String) {
        state.withLock { $0.rules.removeAll { $0.user == user } }
    }

    /// Every review so far, in order.
    package var reviews: [Review] { state.withLock { $0.reviews } }

    /// What has been asked of the API so far.
    package var calls: Set<Call> { state.withLock { $0.calls } }

    /// The traces of the requests that said so, in order.
    package var traces: [Trace] { state.withLock { $0.traces } }

    // MARK: Objects

    /// The object at a path such as `/api/v1/namespaces/a/configmaps/b`.
    package func object(_ path: String) -> JSONValue? { state.withLock { $0.objects[path] } }

    /// Puts an object at a path as somebody else would, whatever was there; watchers hear of it.
    package func put(_ object: JSONValue, at path: String) {
        state.withLock { $0.put(object, at: path) }
    }

    /// Removes an object as somebody else would.
    package func remove(_ path: String) { state.withLock { $0.remove(path) } }

    /// Forgets what happened, so that a watch from before gets 410.
    package func forgetHistory() { state.withLock { $0.forgetHistory() } }

    /// Ends every watch, as the API server does now and then.
    package func endWatches() {
        let watches = state.withLock { state in
            defer { state.watches = [] }
            return state.watches
        }
        for watch in watches { watch.end() }
    }

    /// The number of watches under way.
    package var watchCount: Int { state.withLock { $0.watches.count } }
}
