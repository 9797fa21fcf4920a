-- The database of the service, its login, and the login of its migrations; can run again.
-- sqlcmd replaces the passwords by variables of its environment.
IF DB_ID('camunda_api') IS NULL CREATE DATABASE camunda_api;
GO
-- Readers of a row do not wait for the one who writes it.
IF EXISTS (SELECT 1 FROM sys.databases WHERE name = 'camunda_api' AND is_read_committed_snapshot_on = 0)
  ALTER DATABASE camunda_api SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;
GO
IF SUSER_ID('camunda_api') IS NULL
  CREATE LOGIN camunda_api WITH PASSWORD = '$(SERVICE_PASSWORD)';
IF SUSER_ID('camunda_api_migration') IS NULL
  CREATE LOGIN camunda_api_migration WITH PASSWORD = '$(MIGRATION_PASSWORD)';
GO
USE camunda_api;
IF USER_ID('camunda_api') IS NULL CREATE USER camunda_api FOR LOGIN camunda_api;
IF USER_ID('camunda_api_migration') IS NULL
  CREATE USER camunda_api_migration FOR LOGIN camunda_api_migration;
ALTER ROLE db_datareader ADD MEMBER camunda_api;
ALTER ROLE db_datawriter ADD MEMBER camunda_api;
ALTER ROLE db_datareader ADD MEMBER camunda_api_migration;
ALTER ROLE db_datawriter ADD MEMBER camunda_api_migration;
ALTER ROLE db_ddladmin ADD MEMBER camunda_api_migration;
GO
