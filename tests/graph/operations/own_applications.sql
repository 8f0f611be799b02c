SELECT
array((SELECT row(clients_1.code, clients_1.name, clients_1.state, clients_1.grant_types,
array((SELECT row(client_secrets_1.hint, client_secrets_1.last_used_at) AS row_2 
FROM client_secrets AS client_secrets_1 
WHERE (EXISTS (SELECT clients.id 
FROM clients 
WHERE clients.id = client_secrets_1.client_id AND clients.organisation_id = $1::UUID)) AND client_secrets_1.client_id = clients_1.id
ORDER BY client_secrets_1.slot ASC, client_secrets_1.id 

LIMIT 2)),
array((SELECT row(client_keys_1.kid) AS row_3 
FROM client_keys AS client_keys_1 
WHERE (EXISTS (SELECT clients.id 
FROM clients 
WHERE clients.id = client_keys_1.client_id AND clients.organisation_id = $2::UUID)) AND client_keys_1.client_id = clients_1.id
ORDER BY client_keys_1.slot ASC, client_keys_1.id 

LIMIT 2)), organisations_1.id, organisations_1.legal_name) AS row_1 
FROM clients AS clients_1
LEFT OUTER
JOIN organisations AS organisations_1 ON organisations_1.id = clients_1.organisation_id 
WHERE clients_1.organisation_id = $3::UUID AND clients_1.state = ANY ($4::TEXT[])
ORDER BY clients_1.name ASC, clients_1.id ASC 

LIMIT $5::INTEGER)) AS array_1, (SELECT count(*) AS count_1 
FROM clients AS clients_1 
WHERE clients_1.organisation_id = $3::UUID AND clients_1.state = ANY ($4::TEXT[])) AS anon_1;
