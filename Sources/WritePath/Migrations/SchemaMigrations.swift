/// The steps that make the schema which this release needs; one line for each file below `SQL`.
///
/// The build makes a constant of each file and replaces the first digit of its name.
package enum SchemaMigrations {
    /// Every step in the order of application.
    package static let all: [Migration] = [
        Migration(
            version: 1, name: "namespaces_and_change_log",
            sql: PackageResources._001_namespaces_and_change_log_sql),
        Migration(version: 2, name: "entities", sql: PackageResources._002_entities_sql),
        Migration(version: 3, name: "triggers", sql: PackageResources._003_triggers_sql),
        Migration(version: 4, name: "partitions", sql: PackageResources._004_partitions_sql),
        Migration(
            version: 5, name: "audit_jobs_idempotency_sources",
            sql: PackageResources._005_audit_jobs_idempotency_sources_sql),
        Migration(
            version: 6, name: "replicas_and_upkeep",
            sql: PackageResources._006_replicas_and_upkeep_sql),
        Migration(
            version: 10, name: "audit_chain", sql: PackageResources._010_audit_chain_sql),
        Migration(version: 11, name: "governance", sql: PackageResources._011_governance_sql),
        Migration(version: 12, name: "management", sql: PackageResources._012_management_sql),
        Migration(
            version: 13, name: "single_tenant_tables",
            sql: PackageResources._013_single_tenant_tables_sql),
        Migration(version: 14, name: "lineage", sql: PackageResources._014_lineage_sql),
        Migration(
            version: 16, name: "config_documents",
            sql: PackageResources._016_config_documents_sql),
        Migration(
            version: 17, name: "restorable_audit",
            sql: PackageResources._017_restorable_audit_sql),
        Migration(
            version: 20, name: "source_failures",
            sql: PackageResources._020_source_failures_sql),
        Migration(
            version: 21, name: "entity_order", sql: PackageResources._021_entity_order_sql),
    ]

    /// Every step of the embedded store, which counts its own.
    package static let embedded: [Migration] = [
        Migration(version: 1, name: "store", sql: PackageResources.sqlite_0001_store_sql),
        Migration(
            version: 2, name: "beside_entities",
            sql: PackageResources.sqlite_0002_beside_entities_sql),
    ]
}
