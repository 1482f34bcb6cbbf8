import CatalogModel
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(2))) struct `The client of the Kubernetes API` {
    private static let maps = "/api/v1/namespaces/catalog-system/configmaps"

    private func object(_ name: String, _ text: String) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)],
            "data": ["text": .string(text)],
        ]
    }

    @Test func `creates, reads, replaces and patches objects`() async throws {
        let cluster = try await KubernetesDouble.start()
        let client = try await KubernetesClient(cluster.access)
        let path = "\(Self.maps)/a"
        await #expect(throws: KubernetesError(.notFound, "")) { try await client.get(path) }
        var made = try await client.create(object("a", "one"), at: Self.maps)
        await #expect(throws: KubernetesError(.conflict, "")) {
            try await client.create(object("a", "two"), at: Self.maps)
        }
        made = JSONMergePatch.apply(["data": ["text": "two"]], to: made)
        let second = try await client.update(made, at: path)
        #expect(second.value(at: "data.text") == "two")
        await #expect(throws: KubernetesError(.conflict, "")) {
            try await client.update(made, at: path)
        }
        #expect(
            try await client.patch(["data": ["more": "x", "text": nil]], at: path)["data"] == [
                "more": "x"
            ])
        #expect(try await client.get(Self.maps)["items"]?.arrayValue?.count == 1)
        await client.shutdown()
    }

    @Test func `a watch tells what happens, from a version on`() async throws {
        let cluster = try await KubernetesDouble.start()
        let client = try await KubernetesClient(cluster.access)
        let version = try #require(
            try await client.get(Self.maps).value(at: "metadata.resourceVersion")?.stringValue)
        cluster.put(object("a", "one"), at: "\(Self.maps)/a")
        let (events, feed) = AsyncStream.makeStream(of: String.self)
        let watching = Task {
            try await client.watch(
                "\(Self.maps)?fieldSelector=metadata.name%3Da", from: version
            ) { event in
                feed.yield(
                    "\(event.type) \(event.object.value(at: "data.text")?.stringValue ?? "")")
            }
            feed.finish()
        }
        var seen = events.makeAsyncIterator()
        #expect(await seen.next() == "ADDED one")
        cluster.put(object("b", "other"), at: "\(Self.maps)/b")
        cluster.put(object("a", "two"), at: "\(Self.maps)/a")
        #expect(await seen.next() == "MODIFIED two")
        cluster.remove("\(Self.maps)/a")
        #expect(await seen.next() == "DELETED two")
        cluster.endWatches()
        #expect(await seen.next() == nil)
        try await watching.value
        cluster.forgetHistory()
        await #expect(throws: KubernetesError(.gone, "")) {
            try await client.watch(Self.maps, from: version) { _ in }
        }
        await client.shutdown()
    }

    @Test func `only the cluster's own authority is believed`() async throws {
        let (one, two) = (try await KubernetesDouble.start(), try await KubernetesDouble.start())
        let wrong = ClusterAccess(
            host: "127.0.0.1", port: one.port, tokenPath: one.tokenPath,
            authorityPath: two.authorityPath, namespacePath: one.namespacePath)
        let client = try await KubernetesClient(wrong)
        await #expect(throws: KubernetesError(.unavailable, "")) {
            try await client.get(Self.maps)
        }
        await client.shutdown()
        let absent = ClusterAccess(
            host: "127.0.0.1", port: 1, tokenPath: "/absent", authorityPath: "/absent",
            namespacePath: "/absent")
        await #expect(throws: KubernetesError(.configuration, "")) {
            _ = try await KubernetesClient(absent)
        }
    }

    @Test func `a call without an answer ends in time`() async throws {
        let cluster = try await KubernetesDouble.start()
        let client = try await KubernetesClient(cluster.access)
        cluster.set(.hang, on: "configmaps")
        await #expect(throws: KubernetesError(.unavailable, "")) {
            try await client.update(
                object("a", "x"), at: "\(Self.maps)/a", timeout: .milliseconds(200))
        }
        cluster.clearFaults()
        cluster.set(.status(503), on: "configmaps")
        await #expect(throws: KubernetesError(.unavailable, "")) {
            try await client.get(Self.maps)
        }
        await client.shutdown()
    }
}
