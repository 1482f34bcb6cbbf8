import CatalogModel
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("A server with sources that cannot be used")
    struct SourcesProblemTests {
        @Test(
            "says which file and line, and does not start",
            arguments: [
                ("catalogs:\n  agents: [\n", "sources.yaml:3"),
                ("apiVersion: catalog/v1alpha1\ncatalogue: {}\n", "sources.yaml:2"),
                (
                    "catalogs:\n  agents:\n    sources:\n"
                        + "      - {id: a, name: A, type: yaml}\n"
                        + "      - {id: a, name: B, type: yaml}\n", "sources.yaml:5"
                ),
                (
                    "catalogs:\n  agents:\n    sources:\n"
                        + "      - {id: a, name: A, type: yaml, excludedItems: [\"\"]}\n",
                    "sources.yaml:4"
                ),
            ])
        func mistake(_ text: String, _ place: String) async throws {
            let site = try await Deployment.make(files: ["sources.yaml": text])
            try await expectRefusal(
                site, site.path(of: "sources.yaml"), naming: site.path(of: place))
        }

        @Test("says that the file is not there, or is a folder")
        func missing() async throws {
            let site = try await Deployment.make()
            let absent = site.path(of: "absent.yaml")
            try await expectRefusal(site, absent, naming: absent)
            try await expectRefusal(site, site.folder, naming: site.folder)
        }

        private func expectRefusal(
            _ site: Deployment, _ sources: String, naming place: String
        ) async throws {
            let server = try await ServerProcess.launch(site.options(sources: sources))
            let line = try await server.waitForLine { $0["message"]?.stringValue == "stopping" }
            let reason = line.value(at: "metadata.reason")?.stringValue ?? ""
            #expect(reason.contains(place), "\(reason)")
            #expect(try await server.waitForExit() > 0)
            withExtendedLifetime(site) {}
        }
    }
}
