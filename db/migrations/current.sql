--! Message: reading, keeping and operating

--!include roles/roles.sql

-- Cost of capture

-- Completeness

-- Reading and keeping

-- Exports

-- Identity and readings

-- Screens

-- Last
--!include roles/ownership.sql
