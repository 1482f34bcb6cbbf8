import CatalogModel
import Telemetry
import WritePath

/// The document of sources in a ConfigMap, with its older states in annotations.
///
/// A write names the `resourceVersion` that it read, so that the cluster refuses it when somebody
/// else was faster.
struct ConfigMapDocument: SourcesDocumentStore {
    /// The list of states, newest first, and what the keys of their texts begin with.
    private static let list = "catalog.kubeflow.org/revisions"
    private static let prefix = "catalog.kubeflow.org/rev-"

    let client: KubernetesClient
    let place: ConfigMapPlace
    let directory: String

    var name: String { "k8s:\(place.namespace)/\(place.name)/\(place.key)" }
    var label: String { "ConfigMap \(place.namespace)/\(place.name)" }

    private var collection: String { "/api/v1/namespaces/\(place.namespace)/configmaps" }
    private var path: String { "\(collection)/\(place.name)" }

    func read() async throws -> String { text(of: try await object()) }

    func history() async throws -> [SourcesState] {
        Self.states(try await object() ?? .null)
    }

    func replace(_ old: String, with text: String) async throws {
        guard text.utf8.count <= ManagementLimits.configMapBytes else {
            throw RequestError(
                .payloadTooLarge,
                "the ConfigMap would exceed \(ManagementLimits.configMapBytes) bytes")
        }
        let found = try await object()
        guard self.text(of: found) == old else { throw DocumentConfigStore.conflict }
        do throws(KubernetesError) {
            if let found {
                // The object has the version that was read; the cluster compares it.
                try await client.update(changed(found, to: text), at: path)
            } else {
                let new: JSONValue = [
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": [
                        "name": .string(place.name), "namespace": .string(place.namespace),
                    ],
                ]
                try await client.create(changed(new, to: text), at: collection)
            }
        } catch {
            throw failure(error)
        }
    }

    func awaitChange(of text: String) async throws {
        guard let found = try await object(), self.text(of: found) == text,
            let version = found.value(at: "metadata.resourceVersion")?.stringValue
        else {
            // What is not there cannot be followed.
            if text.isEmpty { try await Task.sleep(for: ManagementLimits.documentInterval) }
            return
        }
        var isChanged = false
        do {
            let selector = "fieldSelector=metadata.name%3D\(place.name)"
            try await client.watch("\(collection)?\(selector)", from: version) { event in
                guard event.type != "BOOKMARK" else { return }
                isChanged = true
                throw CancellationError()
            }
        } catch is CancellationError where isChanged {
            return
        } catch is KubernetesError {
            // Whoever may not watch, or whose version is too old, looks again after a while.
            try await Task.sleep(for: ManagementLimits.documentInterval)
        }
    }

    // MARK: The object

    /// The whole ConfigMap; nil where there is none.
    private func object() async throws -> JSONValue? {
        do throws(KubernetesError) {
            return try await client.get(path)
        } catch {
            if error.code == .notFound { return nil }
            throw failure(error)
        }
    }

    private func text(of object: JSONValue?) -> String {
        object?["data"]?[place.key]?.stringValue ?? ""
    }

    private func failure(_ error: KubernetesError) -> RequestError {
        switch error.code {
        case .conflict: DocumentConfigStore.conflict
        case .unavailable: .unavailable("the Kubernetes API is not available at present")
        default: RequestError(.internalError, "\(label) cannot be used: \(error.message)")
        }
    }

    /// The object with another text, its present one and that among the states.
    private func changed(_ object: JSONValue, to text: String) -> JSONValue {
        let now = Timestamp(ms: Int64(MachineFacts.wallClockMs)).ms
        var states = Self.states(object)
        let present = self.text(of: object)
        if !present.isEmpty, states.first?.text != present {
            states.insert(SourcesState(timestampMs: now, text: present), at: 0)
        }
        states.insert(SourcesState(timestampMs: now, text: text), at: 0)
        states = Array(states.prefix(ManagementLimits.configMapStatesKept))
        var annotations = Self.annotations(of: object).filter {
            $0.key != Self.list && !$0.key.hasPrefix(Self.prefix)
        }
        let taken = annotations.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        // The cluster bounds the annotations of an object: the oldest states give way.
        while !states.isEmpty, taken + Self.size(states) > ManagementLimits.configMapAnnotationBytes
        {
            states.removeLast()
        }
        annotations.merge(Self.annotations(for: states)) { $1 }
        var kept = JSONObject()
        for (key, value) in annotations.sorted(by: { $0.key < $1.key }) {
            kept[key] = .string(value)
        }
        var body = object.objectValue ?? JSONObject()
        var metadata = body["metadata"]?.objectValue ?? JSONObject()
        var data = body["data"]?.objectValue ?? JSONObject()
        metadata["annotations"] = .object(kept)
        data[place.key] = .string(text)
        body["metadata"] = .object(metadata)
        body["data"] = .object(data)
        return .object(body)
    }

    // MARK: States

    private static func annotations(of object: JSONValue) -> [String: String] {
        let members = object["metadata"]?["annotations"]?.objectValue?.members ?? []
        return members.reduce(into: [:]) { $0[$1.key] = $1.value.stringValue }
    }

    private static func annotations(for states: [SourcesState]) -> [String: String] {
        let entries = states.map { state -> JSONValue in
            [
                "version": .string(state.version),
                "timestamp": .string(Timestamp(ms: state.timestampMs).description),
                "size": .int(state.text.utf8.count),
            ]
        }
        var annotations = [list: JSONValue.array(entries).encodedText]
        for state in states { annotations[prefix + state.version] = state.text }
        return annotations
    }

    private static func size(_ states: [SourcesState]) -> Int {
        annotations(for: states).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    private static func states(_ object: JSONValue) -> [SourcesState] {
        let annotations = annotations(of: object)
        guard let text = annotations[list], let entries = try? JSONParser.parse(Array(text.utf8))
        else { return [] }
        return (entries.arrayValue ?? []).compactMap { entry in
            guard let version = entry["version"]?.stringValue,
                let text = annotations[prefix + version],
                let time = entry["timestamp"]?.stringValue.flatMap({ Timestamp($0) })
            else { return nil }
            return SourcesState(timestampMs: time.ms, text: text)
        }
    }
}
