SELECT audit_events_1.action, audit_events_1.role, audit_events_1.subject_type, audit_events_1.subject_id, audit_events_1.details 
FROM audit_events AS audit_events_1 
WHERE audit_events_1.organisation_id = $1::UUID AND audit_events_1.action = $2::VARCHAR
ORDER BY audit_events_1.id ASC 

LIMIT $3::INTEGER;

SELECT clients_1.code, clients_1.id 
FROM clients AS clients_1 
WHERE clients_1.id = ANY ($1) AND clients_1.organisation_id = $2::UUID;
