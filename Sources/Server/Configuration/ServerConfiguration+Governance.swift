import WritePath

extension ServerConfiguration {
    /// Reads the files of governance; without them the rules of the contract hold.
    ///
    /// A file of policies that was named and is not there means no policies.
    static func governance(
        _ reader: ConfigurationReader, onIgnored: (String, String) -> Void
    ) throws(ConfigurationReader.Failure) -> GovernanceRules {
        var rules = GovernanceRules()
        rules.enforcesRoles = try reader.flag(.approvalRoles)
        for setting in [Setting.governanceFile, .approvalPolicies] {
            let path = try reader.text(setting)
            let isThere: Bool
            do throws(LoadError) {
                isThere =
                    setting.variable == Setting.governanceFile.variable
                    ? try GovernanceFiles.load(settings: path, into: &rules)
                    : try GovernanceFiles.load(policies: path, into: &rules)
            } catch {
                throw ConfigurationReader.Failure(description: "\(setting.variable): \(error)")
            }
            guard !isThere, reader.isGiven(setting) else { continue }
            let isPolicies = setting.variable == Setting.approvalPolicies.variable
            if isPolicies { rules.policies = [] }
            onIgnored(
                setting.variable,
                "there is no file \(path); "
                    + (isPolicies ? "nothing waits for approval" : "using the built-in settings"))
        }
        return rules
    }
}
