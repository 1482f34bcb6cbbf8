import CatalogModel
import TestSupport
import Testing

extension DeployTests {
    @Suite("Roles")
    struct RoleTests {
        /// One thing that a rule allows.
        struct Right: Hashable, CustomStringConvertible {
            let group: String
            let resource: String
            let verb: String
            var description: String { "\(verb) \(resource) of \"\(group)\"" }

            init(_ group: String, _ resource: String, _ verb: String) {
                self.group = group
                self.resource = resource
                self.verb = verb
            }

            /// The right that a call of the Kubernetes API needs.
            init?(_ call: KubernetesDouble.Call) {
                var parts = call.path.split(separator: "/").map(String.init)
                guard parts.count > 2 else { return nil }
                group = parts[0] == "apis" ? parts[1] : ""
                parts.removeFirst(parts[0] == "apis" ? 3 : 2)
                if parts.first == "namespaces", parts.count > 2 { parts.removeFirst(2) }
                resource = parts[0]
                let named = parts.count > 1
                switch call.method {
                case "GET": verb = call.isWatch ? "watch" : named ? "get" : "list"
                case "POST": verb = "create"
                case "PUT": verb = "update"
                case "PATCH": verb = "patch"
                case "DELETE": verb = "delete"
                default: return nil
                }
            }
        }

        private static func rights(of role: JSONValue) -> Set<Right> {
            var rights: Set<Right> = []
            for rule in role["rules"]?.arrayValue ?? [] {
                for group in rule.texts("apiGroups") {
                    for resource in rule.texts("resources") {
                        for verb in rule.texts("verbs") {
                            rights.insert(Right(group, resource, verb))
                        }
                    }
                }
            }
            return rights
        }

        @Test("the server's roles are those of the contract")
        func server() async throws {
            let manifests = try await Manifests("overlays/production")
            let cluster = Self.rights(of: try manifests.one("ClusterRole", "catalog-server"))
            #expect(cluster == [Right("authorization.k8s.io", "subjectaccessreviews", "create")])
            let leases = ["get", "create", "update"].map {
                Right("coordination.k8s.io", "leases", $0)
            }
            let maps = ["get", "list", "watch", "create", "update", "patch"].map {
                Right("", "configmaps", $0)
            }
            let role = Self.rights(of: try manifests.one("Role", "catalog-server"))
            #expect(role == Set(leases + maps + [Right("", "secrets", "get")]))
        }

        @Test(
            "a server with an overlay's settings asks the cluster for nothing more",
            arguments: ["overlays/production", "overlays/configmap"])
        func calls(overlay: String) async throws {
            let manifests = try await Manifests(overlay)
            let cluster = try await KubernetesDouble.start()
            var environment = cluster.environment
            for (name, value) in try manifests.environment() {
                guard let value,
                    !["CATALOG_LISTEN", "CATALOG_CACHE_DIR", "CATALOG_SOURCES"]
                        .contains(name)
                else { continue }
                environment[name] = value
            }
            environment["POD_NAMESPACE"] = "catalog-system"
            // The tests are the proxy.
            environment["CATALOG_TRUSTED_PROXIES"] = "127.0.0.0/8"
            cluster.allow(user: "alice", ["*"], on: ["*"])
            let server = try await ServerProcess.ready(.init(environment: environment))
            try await DeployTests.eventually("the server leads") {
                try await server.metric("catalog_leader") == 1
            }
            let answer = try await server.client.get(
                "/api/agents_catalog/v1alpha1/agents",
                headers: ["X-Remote-User": "alice", "X-Namespace": "team-a"])
            #expect(answer.status == 200)
            let applied = try await server.client.post(
                "/api/skills_catalog/v1alpha1/management/apply-source",
                headers: [
                    "X-Remote-User": "alice", "X-Namespace": "default",
                    "X-User-Role": "operator",
                ],
                json: [
                    "id": "managed", "name": "Managed", "type": "yaml",
                    "properties": ["content": "skills: []"],
                ])
            #expect(applied.status == 200, "\(applied.text)")
            if overlay == "overlays/configmap" {
                try await DeployTests.eventually("the ConfigMap is followed") {
                    cluster.calls.contains { $0.isWatch }
                }
            }
            try await server.terminate()
            let granted = ["Role", "ClusterRole"].flatMap { kind in
                manifests.all(kind).filter { $0.name == "catalog-server" }.flatMap(Self.rights)
            }
            let needed = Set(cluster.calls.compactMap(Right.init))
            #expect(needed.contains(Right("coordination.k8s.io", "leases", "update")))
            #expect(
                needed.contains(Right("authorization.k8s.io", "subjectaccessreviews", "create")))
            // Where sources are kept in Postgres, ConfigMaps are nobody's business.
            let maps = needed.filter { $0.resource == "configmaps" }
            #expect(
                Set(maps.map(\.verb))
                    == (overlay == "overlays/configmap"
                        ? ["get", "create", "update", "watch"] : []))
            #expect(needed.subtracting(granted) == [])
            // Out of its own namespace it asks for nothing but reviews.
            for call in cluster.calls where !call.path.contains("subjectaccessreviews") {
                #expect(call.path.contains("/namespaces/catalog-system/"), "\(call)")
            }
        }

        private static let everything = [
            "plugins", "capabilities", "catalogsources", "assets", "actions", "jobs", "approvals",
            "audit",
        ]
        private static let examples: [(String, [([String], [String])])] = [
            (
                "catalog-ai-engineer",
                [
                    (
                        ["catalogsources", "assets", "actions", "jobs"],
                        ["get", "list", "create", "update", "execute"]
                    ),
                    (["plugins", "capabilities", "audit"], ["get", "list"]),
                ]
            ),
            ("catalog-viewer", [(everything.filter { $0 != "audit" }, ["get", "list"])]),
            (
                "catalog-platform-operator",
                [
                    (
                        everything,
                        ["get", "list", "create", "update", "delete", "execute", "approve"]
                    )
                ]
            ),
            ("catalog-cluster-viewer", [(everything, ["get", "list"])]),
        ]

        @Test("the examples of what users may do speak the server's words")
        func users() async throws {
            let manifests = try await Manifests("roles")
            #expect(manifests.all("ClusterRole").count == Self.examples.count)
            for (name, rules) in Self.examples {
                let wanted = rules.flatMap { resources, verbs in
                    resources.flatMap { resource in
                        verbs.map { Right("catalog.kubeflow.org", resource, $0) }
                    }
                }
                let role = Self.rights(of: try manifests.one("ClusterRole", name))
                #expect(role == Set(wanted), "\(name)")
            }
        }
    }
}
