import CatalogModel
import Foundation
import TestSupport
import Testing

extension DeployTests {
    @Suite("Kubernetes manifests")
    struct ManifestTests {
        @Test("every object is valid by the schemas of Kubernetes")
        func schemas() async throws {
            try await Program.installed()
            let check = try await Program.script("manifests", ["check"])
            #expect(check.status == 0, check.text)
        }

        @Test("every variable is a setting of the server", arguments: Manifests.overlays)
        func variables(overlay: String) async throws {
            let settings = try await DeployTests.settings()
            let variables = try await Manifests(overlay).environment()
            #expect(variables.keys.contains("DATABASE_DSN") && variables.count > 6)
            for name in variables.keys { #expect(settings.contains(name), "\(name)") }
        }

        @Test("variables of image, unit and package are settings, too")
        func otherVariables() async throws {
            let settings = try await DeployTests.settings()
            var names: Set<String> = []
            for path in [
                "deploy/docker/Dockerfile", "deploy/systemd/catalog-server.service",
                "deploy/debian/default",
            ] {
                for match in try DeployTests.text(path).matches(
                    of: /\b((?:CATALOG|DATABASE|POD)_[A-Z_]+)/)
                {
                    names.insert(String(match.1))
                }
            }
            #expect(names.contains("CATALOG_SOURCES"))
            #expect(names.subtracting(settings) == [])
        }

        @Test("probes ask for what the server answers", arguments: Manifests.overlays)
        func probes(overlay: String) async throws {
            let container = try await Manifests(overlay).server()
            let live = try await SharedServer.get()
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                let path = container.value(at: "\(probe).httpGet.path")?.stringValue
                #expect(
                    try await live.client.get(try #require(path)).status == 200, "\(probe)")
                #expect(container.value(at: "\(probe).httpGet.port") == "http")
            }
            #expect(container["ports"]?.arrayValue?.first?["name"] == "http")
            let listen = try await Manifests(overlay).environment()["CATALOG_LISTEN"] ?? nil
            let port = container["ports"]?.arrayValue?.first?["containerPort"]?.intValue
            #expect(listen == "0.0.0.0:\(port ?? 0)")
        }

        @Test("what objects refer to is there", arguments: Manifests.overlays)
        func references(overlay: String) async throws {
            let manifests = try await Manifests(overlay)
            let deployment = try manifests.one("Deployment", "catalog-server")
            let labels = deployment.value(at: "spec.template.metadata.labels")?.objectValue ?? [:]
            let pod = try #require(deployment.value(at: "spec.template.spec"))
            let account = try #require(pod["serviceAccountName"]?.stringValue)
            let accounts = manifests.all("ServiceAccount")
            #expect(accounts.map(\.name) == [account])
            for binding in manifests.all("RoleBinding") + manifests.all("ClusterRoleBinding") {
                let kind = try #require(binding.value(at: "roleRef.kind")?.stringValue)
                _ = try manifests.one(kind, binding.value(at: "roleRef.name")?.stringValue ?? "")
                for subject in binding["subjects"]?.arrayValue ?? []
                where subject["kind"] == "ServiceAccount" {
                    #expect(subject["name"]?.stringValue == account)
                    #expect(subject["namespace"] == accounts[0].value(at: "metadata.namespace"))
                }
            }
            for (kind, path) in [
                ("Service", "spec.selector"), ("PodDisruptionBudget", "spec.selector.matchLabels"),
            ] {
                let name = "catalog-server"
                let selector = try manifests.one(kind, name).value(at: path)?.objectValue ?? [:]
                #expect(!selector.isEmpty)
                for label in selector.members {
                    #expect(labels[label.key] == label.value, "\(kind) \(label.key)")
                }
            }
            let scaler = try manifests.one("HorizontalPodAutoscaler", "catalog-server")
            #expect(scaler.value(at: "spec.scaleTargetRef.name")?.stringValue == deployment.name)
            let volumes = pod["volumes"]?.arrayValue ?? []
            for mount in try manifests.server()["volumeMounts"]?.arrayValue ?? [] {
                #expect(volumes.contains { $0["name"] == mount["name"] }, "\(mount)")
            }
            for volume in volumes {
                guard let map = volume.value(at: "configMap.name")?.stringValue else { continue }
                let data = try manifests.one("ConfigMap", map)["data"]?.objectValue
                #expect(data?["sources.yaml"] != nil)
            }
        }

        @Test("a pod may do little", arguments: Manifests.overlays)
        func security(overlay: String) async throws {
            let manifests = try await Manifests(overlay)
            let container = try manifests.server()
            let pod = try manifests.one("Deployment", "catalog-server")
                .value(at: "spec.template.spec.securityContext")
            #expect(pod?["runAsNonRoot"] == true)
            #expect((pod?["runAsUser"]?.intValue ?? 0) > 0)
            #expect(container.value(at: "securityContext.readOnlyRootFilesystem") == true)
            #expect(container.value(at: "securityContext.allowPrivilegeEscalation") == false)
            #expect(container.value(at: "securityContext.capabilities.drop") == ["ALL"])
            #expect(container.value(at: "resources.limits.memory") != nil)
            let bytes = try manifests.environment()["CATALOG_CACHE_MAX_BYTES"] ?? nil
            #expect((bytes.flatMap { Int($0) } ?? .max) < 4 << 30, "the volume holds 4 GiB")
        }

        @Test("a server starts with the settings and the sources of an overlay")
        func sources() async throws {
            let folder = try ServerFiles.temporaryFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let map = try await Manifests("overlays/development").one(
                "ConfigMap", "catalog-sources")
            let text = try #require(map.value(at: "data")?["sources.yaml"]?.stringValue)
            // The image has the samples where the package puts them.
            let samples = "/usr/share/catalog-server/catalogs"
            #expect(text.contains(samples))
            try text.replacing(samples, with: "\(ServerFiles.repository)/catalogs")
                .write(toFile: "\(folder)/sources.yaml", atomically: true, encoding: .utf8)
            let server = try await ServerProcess.ready(.init(sources: "\(folder)/sources.yaml"))
            let list = try await server.client.get("/api/mcp_catalog/v1alpha1/mcpservers").json()
            #expect((list["items"]?.arrayValue?.count ?? 0) > 0)
            try await server.terminate()
        }
    }
}
