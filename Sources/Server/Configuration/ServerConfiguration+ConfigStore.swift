import Postgres
import Telemetry
import WritePath

extension ServerConfiguration {
    /// The store that keeps what the API changes.
    func makeConfigStore(
        pool: Pool, cluster: KubernetesClient?, observer: Observer
    ) throws -> any ConfigStore {
        let document: any SourcesDocumentStore
        switch configStore {
        case .database: return DatabaseConfigStore(pool: pool)
        case .none: return LiveConfigStore()
        case .file: document = SourcesFileDocument(path: sourcesPath, thread: try Reactor())
        case .k8s:
            guard let cluster else {
                throw KubernetesError(.configuration, "the config store needs a cluster")
            }
            document = ConfigMapDocument(
                client: cluster, place: configMap,
                directory: ModelSourceHandler.directory(of: sourcesPath))
        }
        return DocumentConfigStore(document: document, pool: pool, observer: observer)
    }

    /// Reads where the ConfigMap is; throws when there cannot be one.
    static func configMap(
        _ reader: ConfigurationReader, mode: ConfigStoreMode, hasCluster: Bool
    ) throws(ConfigurationReader.Failure) -> ConfigMapPlace {
        let place = ConfigMapPlace(
            namespace: try reader.text(.configNamespace), name: try reader.text(.configMapName),
            key: try reader.text(.configMapKey))
        guard mode == .k8s else { return place }
        guard hasCluster else {
            throw ConfigurationReader.Failure(
                description: "CATALOG_CONFIG_STORE_MODE=k8s needs the Kubernetes API: "
                    + "KUBERNETES_SERVICE_HOST is not set")
        }
        let names = [
            (Setting.configNamespace, place.namespace, KubernetesName.isNamespace(place.namespace)),
            (Setting.configMapName, place.name, KubernetesName.isValid(place.name)),
            (Setting.configMapKey, place.key, isKey(place.key)),
        ]
        for (setting, value, isValid) in names where !isValid {
            throw ConfigurationReader.Failure(
                description: "\(setting.variable)=\(value): no such name in Kubernetes")
        }
        return place
    }

    private static func isKey(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "-_.".utf8.contains(byte)
            }
    }
}
