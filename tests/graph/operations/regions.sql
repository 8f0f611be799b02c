SELECT regions_1.code, regions_1.name,
array((SELECT row(regions_2.code, regions_2.name, regions_2.level) AS row_1 
FROM regions AS regions_2 
WHERE regions_2.valid_to IS NULL AND regions_2.parent_id = regions_1.id
ORDER BY regions_2.name ASC, regions_2.id ASC 

LIMIT $1::INTEGER)) AS array_1, (SELECT count(*) AS count_1 
FROM regions AS regions_2 
WHERE regions_2.valid_to IS NULL AND regions_2.parent_id = regions_1.id) AS anon_1,
array((SELECT row(regions_3.code) AS row_2 
FROM region_successions AS region_successions_1
JOIN regions AS regions_3 ON regions_3.id = region_successions_1.successor_id 
WHERE region_successions_1.predecessor_id = regions_1.id
ORDER BY region_successions_1.predecessor_id, region_successions_1.successor_id 

LIMIT 50)) AS array_2 
FROM regions AS regions_1 
WHERE regions_1.valid_to IS NULL AND regions_1.level = ANY ($2::TEXT[])
ORDER BY regions_1.name ASC, regions_1.id ASC 

LIMIT $3::INTEGER;
